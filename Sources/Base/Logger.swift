// One line per noteworthy event on standard error: time, level, event name, and key=value fields. Written
// with one write call, so that lines of several threads never mix.
import Glibc

/// How much an event matters.
package enum LogLevel: String, Comparable, CaseIterable, Sendable {
    case debug, info, warning, error

    var rank: Int {
        switch self {
        case .debug: 0
        case .info: 1
        case .warning: 2
        case .error: 3
        }
    }

    package static func < (left: LogLevel, right: LogLevel) -> Bool { left.rank < right.rank }
}

/// Writes structured log lines.
package struct Logger: Sendable {
    /// Events below these levels are dropped.
    package let levels: LogLevels
    private let clock: any BrokerClock
    private let sink: @Sendable (String) -> Void
    private let limiter = EventLimiter()

    /// A logger to standard error, or to `sink` (a whole line, without its line feed).
    package init(
        level: LogLevel = .info, clock: any BrokerClock = SystemClock(),
        sink: (@Sendable (String) -> Void)? = nil
    ) {
        levels = LogLevels(level)
        self.clock = clock
        self.sink = sink ?? Logger.writeToStandardError
    }

    /// Logs `event` with `fields` in their order; values with blanks or quotes are quoted.
    ///
    /// For what happens as often as the broker itself or its operator wants; see `logLimited`.
    package func log(
        _ level: LogLevel, _ event: StaticString,
        _ fields: @autoclosure () -> KeyValuePairs<String, String> = [:]
    ) {
        guard levels.admit(level, event) else { return }
        emit(level, "\(event)", fields())
    }

    /// Logs what a peer can bring about as often as it likes: the first events of a name within a while, and
    /// how many were left out with the first one after it, or when the broker stops.
    ///
    /// `fields` is not looked at for what is left out, which then costs a lock and a lookup.
    package func logLimited(
        _ level: LogLevel, _ event: StaticString,
        _ fields: @autoclosure () -> KeyValuePairs<String, String> = [:]
    ) {
        guard levels.admit(level, event) else { return }
        let name = Name("\(event)")
        let (isLogged, before) = limiter.admit(name, level, at: clock.monotonicNanoseconds())
        if let before { emit(before) }
        if isLogged { emit(level, name.text, fields()) }
    }

    /// Says how many events were left out since that was said last.
    package func logSuppressed() {
        for suppressed in limiter.takeSuppressed() { emit(suppressed) }
    }

    private func emit(_ suppressed: EventLimiter.Suppressed) {
        emit(suppressed.level, suppressed.event.text, ["suppressed": "\(suppressed.count)"])
    }

    private func emit(_ level: LogLevel, _ event: String, _ fields: KeyValuePairs<String, String>) {
        var line = "\(clock.wallTime()) \(level) \(event)"
        for (key, value) in fields { line += " \(key)=\(Logger.quoted(value))" }
        sink(line)
    }

    private static func quoted(_ value: String) -> String {
        let isPlain = value.utf8.allSatisfy {
            $0 > 0x20 && $0 != 0x7f && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "=")
        }
        if isPlain, !value.isEmpty { return value }
        var text = "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"", "\\": text += "\\\(scalar)"
            case "\n": text += "\\n"
            case _ where scalar.value < 0x20 || scalar.value == 0x7f:
                text += "\\u{\(String(scalar.value, radix: 16))}"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }

    private static func writeToStandardError(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
