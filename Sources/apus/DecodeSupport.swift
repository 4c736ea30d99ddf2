// What `apus decode` and `apus encode` share: options, lines of JSON, hexadecimal text.
import Base
import Glibc
import Protocol

/// Options of the form `--name value`, and flags, which have no value.
struct CommandOptions {
    private var values: [Name: String] = [:]
    private(set) var positional: [String] = []

    init(_ arguments: [String], flags: Set<Name>) throws(CommandError) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("--") else {
                positional.append(argument)
                continue
            }
            let name = Name(argument.dropFirst(2))
            if name == "help" || flags.contains(name) {
                values[name] = ""
            } else if let value = rest.popFirst() {
                values[name] = value
            } else {
                throw .usage("\(argument) needs a value")
            }
        }
    }

    subscript(_ name: Name) -> String? { values[name] }
    func has(_ name: Name) -> Bool { values[name] != nil }

    func allow(_ names: Set<Name>) throws(CommandError) {
        if let unknown = values.keys.filter({ !names.contains($0) }).min() {
            throw .usage("--\(unknown) is not known; see --help")
        }
    }
}

/// Sends each line of `file`, or of standard input, through `convert`.
///
/// A line that fails is printed with an `error`, the others go on, and the exit code is 1.
func convertLines(
    of file: String?, _ convert: (JSONValue) throws(CommandError) -> JSONValue
) throws(CommandError) -> Int32 {
    var status: Int32 = 0
    func handle(_ line: String) {
        guard !line.isEmpty else { return }
        var value = JSONValue.object([])
        do throws(CommandError) {
            value = try parse(line)
            print(try convert(value))
        } catch {
            print(value.setting("error", to: .string(error.description)))
            status = 1
        }
    }
    if let file {
        for line in try readLines(of: file) { handle(line) }
    } else {
        while let line = readLine() { handle(line) }
    }
    return status
}

/// The message and version that a line names.
func describedMessage(_ line: JSONValue) throws(CommandError) -> (any Message.Type, Int16) {
    guard let name = line["message"]?.text else { throw .failure("the line has no \"message\"") }
    guard let type = MessageCatalog.type(named: name) else {
        throw .failure("no message is called \(name)")
    }
    guard let version = line["version"]?.integer.flatMap({ Int16(exactly: $0) }) else {
        throw .failure("the line has no \"version\"")
    }
    return (type, version)
}

func parse(_ json: String) throws(CommandError) -> JSONValue {
    do throws(JSONError) { return try JSONValue(parsing: json) } catch {
        throw .failure("no JSON: \(error)")
    }
}

/// The lines of a file that are not empty.
func readLines(of path: String) throws(CommandError) -> [String] {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .failure("cannot read \(path)") }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = unsafe read(descriptor, &piece, piece.count)
        guard count >= 0 else { throw .failure("cannot read \(path)") }
        if count == 0 { break }
        bytes.append(contentsOf: piece[..<count])
    }
    return bytes.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
}

extension JSONValue {
    /// The object with member `key` replaced, or added at its end.
    func setting(_ key: String, to value: JSONValue) -> JSONValue {
        guard case .object(let members) = self else { return self }
        return .object(members.filter { $0.key != key } + [JSONMember(key, value)])
    }
}

extension [UInt8] {
    /// The bytes that hexadecimal text spells, blanks passed over; nil for anything else.
    init?(hexadecimal text: String) {
        self = []
        reserveCapacity(text.utf8.count / 2)
        var high: UInt8?
        for character in text.utf8 where character != UInt8(ascii: " ") && character != UInt8(ascii: "\n") {
            guard let digit = Character(Unicode.Scalar(character)).hexDigitValue else { return nil }
            if let first = high {
                append(first << 4 | UInt8(digit))
                high = nil
            } else {
                high = UInt8(digit)
            }
        }
        if high != nil { return nil }
    }

    /// Two lower-case digits a byte.
    var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(2 * count)
        for byte in self { text.append(contentsOf: [digits[Int(byte >> 4)], digits[Int(byte & 15)]]) }
        return String(decoding: text, as: UTF8.self)
    }
}
