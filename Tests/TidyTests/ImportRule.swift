// The layering: who may import whom. This table is the only place that says so; ARCHITECTURE.md draws it.

/// Imports point downwards only.
enum ImportRule {
    /// Module → what its files may import.
    static let allowed: [String: Set<String>] = [
        "Base": ["Glibc", "Synchronization", "CSystem", "CCRC32C"],
        "Compression": ["Glibc", "Synchronization", "Base", "CZlib", "CLZ4", "CZstd", "CSnappy"],
        "Records": ["Synchronization", "Base", "Compression"],
        "Protocol": ["Synchronization", "Base"],
        "Coordinator": ["Base", "Protocol", "CRE2"],
        "Security": ["Base", "Protocol"],
        "Storage": ["Glibc", "Base", "Records"],
        "LocalStorage": ["Glibc", "Synchronization", "CSystem", "Base", "Records", "Storage"],
        "Network": ["Glibc", "Synchronization", "CSystem", "Base"],
        "Broker": [
            "Glibc", "Synchronization", "Base", "Compression", "Records", "Protocol", "Coordinator",
            "Security", "Storage", "Network", "CCrypto",
        ],
        "Inspection": [
            "Glibc", "Synchronization", "Base", "Records", "Protocol", "Storage", "LocalStorage",
        ],
        "apus": [
            "Glibc", "Synchronization", "CSystem", "Base", "Records", "Protocol", "Storage", "LocalStorage",
            "Network", "Broker", "Inspection",
        ],
        "MemoryStorage": ["Base", "Records", "Storage"],
        "Simulation": ["Glibc", "Synchronization", "Base", "Storage", "LocalStorage"],
    ]

    /// Files that may import more than the others of their module: the broker is put together over one
    /// engine in one place, and knows none elsewhere; and a lock has to know where it lies.
    static let exceptions: [String: Set<String>] = [
        "Sources/Broker/BrokerStart.swift": ["LocalStorage"], "Sources/Base/Lock.swift": ["Builtin"],
    ]

    /// Folders that know one type alone of a module that others of theirs may import: administration speaks
    /// of values, and messages are the business of handlers.
    static let narrow: [String: [String: String]] = [
        "Sources/Broker/Administration/": ["Protocol": "ErrorCode"]
    ]

    static func check(_ file: SourceFile) -> [Violation] {
        guard file.isProduct else { return [] }
        guard var allowed = allowed[file.module] else {
            return [Violation(file, 0, "module \(file.module) has no row in the table of allowed imports")]
        }
        allowed.formUnion(exceptions[file.path] ?? [])
        let narrow = narrow.first { file.path.hasPrefix($0.key) }?.value ?? [:]
        return imports(of: file).compactMap { line, module, type in
            guard allowed.contains(module) else {
                return Violation(file, line, "\(file.module) may not import \(module): \(reason(module))")
            }
            guard let known = narrow[module], known != type else { return nil }
            return Violation(file, line, "this folder knows nothing of \(module) but \(known)")
        }
    }

    /// The modules that a file imports, each with its line, and with the type where that is imported alone.
    static func imports(of file: SourceFile) -> [(line: Int, module: String, type: String?)] {
        file.code.enumerated().compactMap { index, line in
            var words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            while let first = words.first, first.hasPrefix("@") || modifiers.contains(String(first)) {
                words.removeFirst()
            }
            guard words.first == "import", words.count > 1 else { return nil }
            // `import struct Foundation.Data` names the module in front of the dot.
            let path = words.count > 2 && kinds.contains(String(words[1])) ? words[2] : words[1]
            let parts = path.split(separator: ".").map(String.init)
            return (index + 1, parts[0], parts.count > 1 ? parts[1] : nil)
        }
    }

    private static let modifiers: Set<String> = ["public", "package", "internal", "fileprivate", "private"]
    private static let kinds: Set<String> = [
        "struct", "class", "enum", "protocol", "func", "var", "let", "typealias",
    ]

    private static func reason(_ module: String) -> String {
        module.hasPrefix("Foundation")
            ? "the serving process stays free of Foundation (memory, start-up)"
            : "imports point downwards, see the table in ImportRule.swift"
    }
}
