// Swift's strings compare by canonical equivalence, names by their bytes: what identifies is a `Name`.
import Foundation

/// No tables and sets of strings, and no declarations of names as strings, in the product.
enum NameRule {
    /// The type that a name must not have.
    private static let string = "Stri" + "ng"
    /// Strings as keys.
    private static let tables = [
        "[\(string):", "[\(string) :", "Set<\(string)>", "<\(string),", "[Sub" + "string:",
        "Set<Sub" + "string>",
    ]
    /// Where a string stands first and is no key: fields of log lines are named by literals.
    private static let pairs = "KeyValuePairs<\(string),"
    /// What names are called.
    private static let names: Set<String> = [
        "topic", "topicName", "topics", "group", "groupID", "groups", "member", "memberID", "memberIDs",
        "instance", "instanceID", "groupInstanceID", "clientID", "transactionalID", "principal", "user",
        "assignor", "protocolName", "protocolType", "rackID", "configKey",
    ]
    /// Modules in which strings may be keys, and why.
    static let exempt = ["Simulation": "its disk is for tests, which name their files themselves"]

    static func check(_ file: SourceFile) -> [Violation] {
        guard file.isProduct, exempt[file.module] == nil else { return [] }
        return file.code.enumerated().compactMap { index, line in
            let line = line.replacingOccurrences(of: pairs, with: "")
            guard let found = tables.first(where: line.contains) ?? declaration(in: line) else { return nil }
            return Violation(file, index + 1, "\(found): strings of other bytes may be equal; use Name")
        }
    }

    /// A name that is declared as a string, as in `groupID: String?`.
    private static func declaration(in line: String) -> String? {
        let words = line.split { !$0.isLetter && !$0.isNumber && $0 != ":" && $0 != "[" && $0 != "?" }
        for (word, type) in zip(words, words.dropFirst()) where word.hasSuffix(":") {
            let kind = type.drop { $0 == "[" }.prefix { $0.isLetter }
            if kind == string, names.contains(String(word.dropLast())) { return "\(word) \(type)" }
        }
        return nil
    }
}
