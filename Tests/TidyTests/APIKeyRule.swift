// Every API key is either served, by the file that carries its number and with a line in the table of
// handlers, or listed as a gap. Never both, never neither.

/// Compares `enum APIKey` with the handlers, with their table and with the list of keys in GAPS.md.
struct APIKeyRule {
    /// Raw value → case name, as `Sources/Protocol/APIKey.swift` declares them.
    let keys: [Int: String]
    let handlers: [Int: String]
    /// The types that handlers' files declare, in the order of the files, and those that the table lists.
    let declared: [String]
    let listed: [String]
    /// Keys of the section "Not served yet".
    let gaps: [Int: String]

    init(tree: SourceTree) {
        keys = APIKeyRule.cases(tree.file("Sources/Protocol/APIKey.swift"))
        let folder = "Sources/Broker/Handlers/"
        handlers = tree.files.reduce(into: [:]) { result, file in
            guard file.path.hasPrefix(folder), let number = Int(file.name.prefix { $0.isNumber }) else {
                return
            }
            result[number] = file.path
        }
        declared = handlers.sorted { $0.key < $1.key }.flatMap { _, path in
            APIKeyRule.types(in: tree.file(path), between: "enum ", ":")
        }
        listed = APIKeyRule.types(
            in: tree.file("Sources/Broker/HandlerTable.swift"), between: "HandlerRow(", ".")
        gaps = APIKeyRule.listedGaps(tree.file("GAPS.md"))
    }

    func check() -> [String] {
        keys.sorted { $0.key < $1.key }.compactMap { key, name in
            switch (handlers[key], gaps[key]) {
            case (nil, nil):
                "\(key) \(name): neither a file in Sources/Broker/Handlers nor a line in GAPS.md"
            case (let path?, .some): "\(key) \(name): served by \(path), yet GAPS.md says that it is not"
            default: nil
            }
        } + unknownKeys() + strayHandlers()
    }

    private func strayHandlers() -> [String] {
        if declared.isEmpty { return handlers.isEmpty ? [] : ["no file of a handler declares one"] }
        let missing = declared.filter { !listed.contains($0) }
        guard missing.isEmpty, declared != listed else {
            return missing.map { "\($0): no line in Sources/Broker/HandlerTable.swift" }
        }
        return [
            "Sources/Broker/HandlerTable.swift: its lines are not the handlers in the order of their keys"
        ]
    }

    /// The names of handlers that stand between two texts, such as `enum HeartbeatHandler:`.
    static func types(in file: SourceFile?, between start: String, _ end: Character) -> [String] {
        (file?.code ?? []).compactMap { line in
            let line = line.drop { $0 == " " }
            guard line.hasPrefix(start) else { return nil }
            let name = line.dropFirst(start.count).prefix { $0 != end }
            return name.hasSuffix("Handler") ? String(name) : nil
        }
    }

    private func unknownKeys() -> [String] {
        guard !keys.isEmpty else { return [] }
        return Set(handlers.keys).union(gaps.keys).subtracting(keys.keys).sorted().map {
            "\($0): no such API key, but \(handlers[$0] ?? "GAPS.md") mentions it"
        }
    }

    /// Reads `case heartbeat = 12`, also several in one line.
    static func cases(_ file: SourceFile?) -> [Int: String] {
        var result: [Int: String] = [:]
        var isInside = false
        for line in file?.code ?? [] {
            if line.contains("enum APIKey") { isInside = true }
            let words = line.split(separator: " ")
            guard isInside, words.first == "case" else { continue }
            for part in words.dropFirst().joined(separator: " ").split(separator: ",") {
                let sides = part.split(separator: "=").map { $0.filter { !$0.isWhitespace } }
                if sides.count == 2, let number = Int(sides[1]) { result[number] = sides[0] }
            }
        }
        return result
    }

    /// Reads the lines `- 12 Heartbeat: …` of the section whose title says "Not served".
    static func listedGaps(_ file: SourceFile?) -> [Int: String] {
        var result: [Int: String] = [:]
        var isInside = false
        for line in file?.lines ?? [] {
            if line.hasPrefix("#") { isInside = line.contains("Not served") }
            let words = line.split(separator: " ", maxSplits: 2)
            guard isInside, words.count > 2, words[0] == "-", let number = Int(words[1]) else { continue }
            result[number] = String(words[2])
        }
        return result
    }
}
