// `apus serve`: puts the configuration together, runs the broker until a signal ends it.
internal import Base
internal import Broker
internal import CSystem
internal import Glibc
internal import Network

/// Runs the broker; returns the exit status when it has stopped.
func serveCommand(_ arguments: [String]) -> Int32 {
    do throws(CommandError) {
        let loader = try configuration(arguments)
        return try serve(loader)
    } catch {
        complain(error.description)
        return error.status
    }
}

/// Why a command ended badly: a sentence for standard error and the exit status.
struct CommandError: Error, CustomStringConvertible {
    let description: String
    let status: Int32

    /// The arguments make no sense.
    static func usage(_ sentence: String) -> CommandError { CommandError(description: sentence, status: 2) }
    /// What was asked for could not be done.
    static func failure(_ sentence: String) -> CommandError { CommandError(description: sentence, status: 1) }
}

/// Writes one line to standard error.
func complain(_ sentence: String) {
    let bytes = Array("apus: \(sentence)\n".utf8)
    _ = unsafe bytes.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
}

private func configuration(_ arguments: [String]) throws(CommandError) -> BrokerConfigLoader {
    var loader = BrokerConfigLoader()
    var listeners: [String] = []
    var rest = arguments[...]
    while let flag = rest.popFirst() {
        let (name, inline) = split(flag)
        guard ["--data", "--listen", "--config", "--set"].contains(name) else {
            throw .usage("unknown option '\(flag)' for serve; `apus help` lists the options")
        }
        guard let value = inline ?? rest.popFirst() else { throw .usage("\(name) needs a value") }
        switch name {
        case "--data": loader.add("log.dirs", value, from: .flag)
        case "--listen": listeners.append(value)
        case "--config": try readFile(value, into: &loader)
        default:
            guard let equals = value.firstIndex(of: "="), equals > value.startIndex else {
                throw .usage("--set wants KEY=VALUE, not '\(value)'")
            }
            loader.add(Name(value[..<equals]), String(value[value.index(after: equals)...]), from: .flag)
        }
    }
    addListeners(listeners, to: &loader)
    loader.addEnvironment(environment())
    return loader
}

/// Adds listeners with names of their own: the first is PLAINTEXT, as without a flag, the others are
/// numbered.
///
/// The host `*` is every address, which Kafka writes as no host at all.
private func addListeners(_ addresses: [String], to loader: inout BrokerConfigLoader) {
    guard !addresses.isEmpty else { return }
    let names = addresses.indices.map { $0 == 0 ? "PLAINTEXT" : "PLAINTEXT_\($0 + 1)" }
    let listeners = zip(names, addresses).map { name, address in
        "\(name)://\(address.hasPrefix("*:") ? String(address.dropFirst()) : address)"
    }
    loader.add("listeners", listeners.joined(separator: ","), from: .flag)
    guard addresses.count > 1 else { return }
    let protocols = names.map { "\($0):PLAINTEXT" }
    loader.add("listener.security.protocol.map", protocols.joined(separator: ","), from: .flag)
}

/// `--name=value` in two parts.
private func split(_ flag: String) -> (name: String, value: String?) {
    guard flag.hasPrefix("--"), let equals = flag.firstIndex(of: "=") else { return (flag, nil) }
    return (String(flag[..<equals]), String(flag[flag.index(after: equals)...]))
}

/// No configuration is longer; what is, is another file.
private let configurationBytesMax = 4 << 20

private func readFile(_ path: String, into loader: inout BrokerConfigLoader) throws(CommandError) {
    guard let file = unsafe fopen(path, "r") else {
        throw .failure("cannot read the configuration file \(path): \(errorText(errno))")
    }
    defer { unsafe fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while case let count = unsafe fread(&chunk, 1, chunk.count, file), count > 0 {
        bytes += chunk[..<count]
        guard bytes.count <= configurationBytesMax else {
            throw .failure("\(path) is no configuration file: it is longer than 4 MiB")
        }
    }
    guard unsafe ferror(file) == 0 else { throw .failure("cannot read the configuration file \(path)") }
    do throws(Properties.Malformed) {
        for (key, value) in try Properties.parse(bytes) { loader.add(Name(key), value, from: .file) }
    } catch {
        throw .failure("cannot read the configuration file \(path): \(error)")
    }
}

private func environment() -> [Name: String] {
    var variables: [Name: String] = [:]
    var next = unsafe environ
    while let entry = unsafe next.pointee {
        let text = unsafe String(cString: entry)
        if let equals = text.firstIndex(of: "=") {
            variables[Name(text[..<equals])] = String(text[text.index(after: equals)...])
        }
        unsafe next += 1
    }
    return variables
}

private func serve(_ loader: BrokerConfigLoader) throws(CommandError) -> Int32 {
    let settings: BrokerSettings
    let withoutEffect, unknown: [String]
    do throws(ConfigError) {
        (settings, withoutEffect, unknown) = try loader.settings()
    } catch {
        throw .usage(error.description)
    }
    let logger = Logger(level: settings.logLevel)
    if !unknown.isEmpty {
        logger.log(.warning, "config.not_recognized", ["keys": unknown.joined(separator: ",")])
    }
    if !withoutEffect.isEmpty {
        logger.log(.info, "config.ignored", ["keys": withoutEffect.joined(separator: ",")])
    }
    Machine.boundAllocator(.current())
    let stopRequest: StopRequest
    do throws(NetworkError) {
        try SignalWaiter.prepare()
        stopRequest = try Broker.stopRequest(logger: logger)
    } catch {
        throw .failure("cannot wait for signals: \(error)")
    }
    do throws(StartError) {
        let broker = try Broker.start(settings, logger: logger)
        // Most of the code that is mapped now was for the start; what serves comes back page by page.
        apus_forget_code()
        return broker.runUntilSignalled(stopRequest)
    } catch {
        throw .failure(error.description)
    }
}

private func errorText(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }
