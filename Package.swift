// swift-tools-version: 6.2
import PackageDescription

// Every target is built under the same rules; STYLE.md says why each of them is on.
// Whole-package specialization makes the generic codec as fast as hand-written code
// (ARCHITECTURE.md, "The codec").
let house: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableExperimentalFeature("Lifetimes"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .unsafeFlags(["-cross-module-optimization"], .when(configuration: .release)),
    // No regular expressions of the standard library: a megabyte that nothing here uses.
    .unsafeFlags(["-Xfrontend", "-disable-implicit-string-processing-module-import"]),
]

// A lock that lies within the object whose state it guards (`Base/Lock`).
let rawMemory: [SwiftSetting] = [
    .enableExperimentalFeature("RawLayout"), .enableExperimentalFeature("BuiltinModule"),
]

// Tests compile under the same language rules, without the marks for unsafe expressions.
let tests: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableExperimentalFeature("Lifetimes"),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "apus",
    products: [.executable(name: "apus", targets: ["apus"])],
    targets: [
        // C: what Swift cannot call directly, and the system's libraries.
        .target(name: "CSystem"),
        .target(name: "CCRC32C"),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CLZ4", providers: [.apt(["liblz4-dev"])]),
        .systemLibrary(name: "CZstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CSnappy", providers: [.apt(["libsnappy-dev"])]),
        .systemLibrary(name: "CCrypto", providers: [.apt(["libssl-dev"])]),
        // C++ within, C outside.
        .target(name: "CRE2", linkerSettings: [.linkedLibrary("re2")]),

        // Layer order, lowest first; Tests/TidyTests holds the table of who may import whom.
        .target(name: "Base", dependencies: ["CSystem", "CCRC32C"], swiftSettings: house + rawMemory),
        .target(
            name: "Compression", dependencies: ["Base", "CZlib", "CLZ4", "CZstd", "CSnappy"],
            swiftSettings: house),
        .target(name: "Records", dependencies: ["Base", "Compression"], swiftSettings: house),
        .target(name: "Protocol", dependencies: ["Base"], swiftSettings: house),
        .target(name: "Coordinator", dependencies: ["Base", "Protocol", "CRE2"], swiftSettings: house),
        .target(name: "Security", dependencies: ["Base", "Protocol"], swiftSettings: house),
        .target(name: "Storage", dependencies: ["Base", "Records"], swiftSettings: house),
        .target(
            name: "LocalStorage", dependencies: ["Base", "Records", "Storage", "CSystem"],
            swiftSettings: house),
        .target(name: "Network", dependencies: ["Base", "CSystem"], swiftSettings: house),
        .target(
            name: "Broker",
            dependencies: [
                "Base", "Compression", "Records", "Protocol", "Coordinator", "Security", "Storage",
                "LocalStorage", "Network", "CCrypto",
            ],
            swiftSettings: house),
        .target(
            name: "Inspection", dependencies: ["Base", "Records", "Protocol", "Storage", "LocalStorage"],
            swiftSettings: house),
        .executableTarget(
            name: "apus",
            dependencies: [
                "Base", "Records", "Protocol", "Storage", "LocalStorage", "Network", "Broker", "Inspection",
                "CSystem",
            ],
            swiftSettings: house),

        // What tests put in the place of a disk, and of an engine.
        .target(name: "MemoryStorage", dependencies: ["Base", "Records", "Storage"], swiftSettings: tests),
        .target(name: "Simulation", dependencies: ["Base", "Storage", "LocalStorage"], swiftSettings: tests),
        .target(
            name: "TestSupport", dependencies: ["Base", "Compression"], path: "Tests/TestSupport",
            swiftSettings: tests),
        .testTarget(name: "BaseTests", dependencies: ["Base"], swiftSettings: tests),
        .testTarget(name: "CompressionTests", dependencies: ["Base", "Compression"], swiftSettings: tests),
        .testTarget(
            name: "RecordsTests", dependencies: ["Base", "Compression", "Records", "TestSupport"],
            swiftSettings: tests),
        .testTarget(
            name: "ProtocolTests", dependencies: ["Base", "Protocol", "TestSupport"], swiftSettings: tests),
        .testTarget(
            name: "CoordinatorTests",
            dependencies: ["Base", "Protocol", "Coordinator", "Simulation", "TestSupport"],
            swiftSettings: tests),
        .testTarget(
            name: "SecurityTests",
            dependencies: ["Base", "Protocol", "Security", "Simulation", "TestSupport"],
            swiftSettings: tests),
        .testTarget(
            name: "StorageTests",
            dependencies: [
                "Base", "Compression", "Records", "Storage", "LocalStorage", "MemoryStorage", "Simulation",
            ],
            swiftSettings: tests),
        .testTarget(
            name: "LocalStorageTests",
            dependencies: ["Base", "Compression", "Records", "Storage", "LocalStorage", "Simulation"],
            swiftSettings: tests),
        .testTarget(
            name: "SimulationTests",
            dependencies: [
                "Base", "Records", "Protocol", "Coordinator", "Storage", "LocalStorage", "Network", "Broker",
                "Simulation",
            ],
            swiftSettings: tests),
        .testTarget(
            name: "NetworkTests", dependencies: ["Base", "Network", "TestSupport"], swiftSettings: tests),
        .testTarget(
            name: "BrokerTests",
            dependencies: [
                "Base", "Compression", "Records", "Protocol", "Coordinator", "Security", "Storage",
                "LocalStorage", "Network", "Broker", "Inspection", "MemoryStorage", "Simulation",
                "TestSupport",
            ],
            swiftSettings: tests),
        .testTarget(
            name: "CompatibilityTests",
            dependencies: ["Base", "Compression", "Records", "Protocol", "Simulation", "TestSupport"],
            exclude: ["clients"], swiftSettings: tests),
        .testTarget(name: "TidyTests", swiftSettings: tests),
    ],
    cxxLanguageStandard: .cxx17
)
