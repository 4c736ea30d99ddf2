// Why something was not done, for whoever asked for it: a client is told the code, a person the sentence.
package import Protocol

/// Why a wish was refused.
package struct Refusal: Error, Equatable, Sendable {
    package let code: ErrorCode
    /// Nil where the code says it all.
    package let message: String?

    /// The refusal with `code`; the text is cut where it is long.
    package init(code: ErrorCode, message: String) {
        self.code = code
        self.message = ErrorText.cut(message)
    }

    /// The refusal with a code that says it all.
    init(_ code: ErrorCode) {
        self.code = code
        message = nil
    }

    /// A request that makes no sense.
    static func invalidRequest(_ message: String) -> Refusal {
        Refusal(code: .invalidRequest, message: message)
    }

    /// There was no time to do anything in, or the disk took too long.
    static let outOfTime = Refusal(.requestTimedOut)
}
