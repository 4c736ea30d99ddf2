// Whatever another module can see is explained where it is declared. swift-format's own rule looks at
// `public` only.

/// A doc comment stands before every `package` and `public` declaration and every requirement of such a
/// protocol.
struct DocCommentRule {
    /// Names that Swift itself gives a meaning, which needs no repetition.
    private static let wellKnown: Set<String> = ["description", "debugDescription", "hash", "next", "deinit"]
    /// Folders whose files list a message's fields under Kafka's names: only their types need words.
    private static let fieldLists = ["Messages", "ConsumerProtocol", "StateRecords", "MetadataRecords"]
        .map { "Sources/Protocol/\($0)/" }
    private static let types: Set<String> = ["struct", "class", "enum", "protocol", "actor"]
    private static let keywords = types.union([
        "func", "var", "let", "init", "subscript", "typealias", "associatedtype", "case", "macro",
    ])
    private static let modifiers: Set<String> = [
        "package", "public", "internal", "private", "fileprivate", "open", "static", "final", "mutating",
        "nonmutating", "consuming", "borrowing", "nonisolated", "isolated", "override", "required",
        "convenience",
        "lazy", "weak", "unowned", "indirect", "prefix", "postfix", "infix", "dynamic", "unsafe",
        "distributed",
    ]

    /// Protocol → names of its documented requirements: their implementations need no second comment.
    private let requirements: [String: Set<String>]

    init(files: [SourceFile]) {
        var requirements: [String: Set<String>] = [:]
        for file in files {
            for declaration in DocCommentRule.declarations(in: file) where declaration.isDocumented {
                guard let name = declaration.enclosingProtocol else { continue }
                requirements[name, default: []].insert(declaration.name)
            }
        }
        self.requirements = requirements
    }

    func check(_ file: SourceFile) -> [Violation] {
        guard file.isProduct else { return [] }
        let isFieldList = DocCommentRule.fieldLists.contains { file.path.hasPrefix($0) }
        let mentioned = Set(Tokens(file.code).all.map(\.text))
        return DocCommentRule.declarations(in: file).filter { declaration in
            guard !declaration.isDocumented, declaration.isVisible || declaration.enclosingProtocol != nil
            else {
                return false
            }
            if isFieldList { return DocCommentRule.types.contains(declaration.keyword) }
            return !isSelfEvident(declaration, mentioned)
        }
        .map { Violation(file, $0.line, "no doc comment before `\($0.keyword) \($0.name)`") }
    }

    /// What needs no words of its own.
    ///
    /// That is stored properties whose name, type and type's comment say it all (a comment that repeats a
    /// name is noise, and whether one is missing only a reader can tell), operators, well-known names, and
    /// implementations of a requirement that is explained at its protocol.
    private func isSelfEvident(_ declaration: Declaration, _ mentioned: Set<String>) -> Bool {
        let isOperator = declaration.keyword == "func" && !(declaration.name.first?.isLetter ?? false)
        if declaration.isStored { return true }
        if isOperator || DocCommentRule.wellKnown.contains(declaration.name) { return true }
        guard declaration.enclosingProtocol == nil else { return false }
        return requirements.contains { mentioned.contains($0.key) && $0.value.contains(declaration.name) }
    }

    struct Declaration {
        let line: Int
        let keyword: String
        let name: String
        let isVisible: Bool
        let isDocumented: Bool
        /// A `let` or `var` without a body of its own, inside a type.
        let isStored: Bool
        /// The `package` or `public` protocol whose requirement this is.
        let enclosingProtocol: String?
    }

    /// The declarations of a file, one per line at most, as the formatter lays them out.
    static func declarations(in file: SourceFile) -> [Declaration] {
        var found: [Declaration] = []
        var depth = 0
        var openProtocol: (name: String, depth: Int)?
        for (index, line) in file.code.enumerated() {
            if let current = openProtocol, depth <= current.depth { openProtocol = nil }
            if let (keyword, name, modifiers) = parse(line) {
                let isVisible = modifiers.contains("package") || modifiers.contains("public")
                let isRequirement = openProtocol.map { depth == $0.depth + 1 } ?? false
                if isVisible || isRequirement {
                    found.append(
                        Declaration(
                            line: index + 1, keyword: keyword, name: name, isVisible: isVisible,
                            isDocumented: isDocumented(file, index),
                            isStored: depth > 0 && !isRequirement && ["let", "var"].contains(keyword)
                                && !line.contains("{"),
                            enclosingProtocol: isRequirement ? openProtocol?.name : nil))
                }
                if keyword == "protocol", isVisible { openProtocol = (name, depth) }
            }
            depth += line.count { $0 == "{" } - line.count { $0 == "}" }
        }
        return found
    }

    /// Splits a line such as `@inlinable package static func name(` into its keyword, name and modifiers.
    private static func parse(_ line: String) -> (keyword: String, name: String, modifiers: Set<String>)? {
        var seen: Set<String> = []
        var words = line.split(separator: " ").map(String.init)
        while let word = words.first {
            let plain = String(word.prefix { $0 != "(" })
            if keywords.contains(plain) {
                if plain == "init" || plain == "subscript" { return (plain, plain, seen) }
                let isOperator = words.count > 1 && !(words[1].first?.isLetter ?? false) && plain == "func"
                guard words.count > 1 else { return nil }
                let name = isOperator ? words[1] : String(words[1].prefix { $0.isLetter || $0.isNumber })
                return (plain, name, seen)
            }
            if modifiers.contains(plain) {
                seen.insert(word)
                // `package(set)` restricts the setter; it makes nothing visible.
            } else if !word.hasPrefix("@") {
                // The rest of an attribute with arguments ends with its parenthesis.
                guard let close = words.firstIndex(where: { $0.hasSuffix(")") }), line.contains("@") else {
                    return nil
                }
                words.removeFirst(close)
            }
            words.removeFirst()
        }
        return nil
    }

    /// Neighbours of one kind, such as two bounds, may share the comment above the first.
    private static func isDocumented(_ file: SourceFile, _ index: Int) -> Bool {
        let keyword = parse(file.code[index])?.keyword
        for line in file.lines[..<index].reversed() {
            let text = line.trimmingPrefix { $0 == " " }
            if let above = parse(line), above.keyword == keyword, !above.modifiers.isEmpty { continue }
            if text.hasPrefix("///") || text.hasSuffix("*/") { return true }
            guard text.hasPrefix("@") || text.hasPrefix("// ") || text.hasPrefix("#if") || text.hasPrefix(")")
            else { return false }
        }
        return false
    }
}
