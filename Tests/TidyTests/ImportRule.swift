// The layering: who may import whom. This table is the only place that says so; DESIGN and ARCHITECTURE draw
// it.

/// Imports point downwards only.
enum ImportRule {
    /// Module → what its files may import, besides nothing at all.
    static let allowed: [String: Set<String>] = [
        "Base": ["Glibc", "Synchronization", "CSystem", "CCRC32C"],
        "Compression": ["Glibc", "Synchronization", "Base", "CZlib", "CLZ4", "CZstd", "CSnappy"],
        "Records": ["Synchronization", "Base", "Compression"],
        "Protocol": ["Synchronization", "Base"],
        "Coordinator": ["Base", "Protocol", "CRE2"],
        "Storage": ["Glibc", "Base", "Records"],
        "LocalStorage": ["Glibc", "Synchronization", "CSystem", "Base", "Records", "Storage"],
        "Network": ["Glibc", "Synchronization", "CSystem", "Base"],
        "Broker": [
            "Glibc", "Synchronization", "Base", "Compression", "Records", "Protocol", "Coordinator",
            "Storage", "Network",
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
    /// engine in one place, and knows none elsewhere.
    static let exceptions: [String: Set<String>] = ["Sources/Broker/BrokerStart.swift": ["LocalStorage"]]

    static func check(_ file: SourceFile) -> [Violation] {
        guard file.isProduct else { return [] }
        guard var allowed = allowed[file.module] else {
            return [Violation(file, 0, "module \(file.module) has no row in the table of allowed imports")]
        }
        allowed.formUnion(exceptions[file.path] ?? [])
        return imports(of: file).filter { !allowed.contains($0.module) }.map { line, module in
            Violation(file, line, "\(file.module) may not import \(module): \(reason(module))")
        }
    }

    /// The modules that a file imports, each with its line.
    static func imports(of file: SourceFile) -> [(line: Int, module: String)] {
        file.code.enumerated().compactMap { index, line in
            var words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            while let first = words.first, first.hasPrefix("@") || modifiers.contains(String(first)) {
                words.removeFirst()
            }
            guard words.first == "import", words.count > 1 else { return nil }
            // `import struct Foundation.Data` names the module in front of the dot.
            let path = words.count > 2 && kinds.contains(String(words[1])) ? words[2] : words[1]
            return (index + 1, String(path.split(separator: ".")[0]))
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
