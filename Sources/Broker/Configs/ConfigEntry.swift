// What a reader is told of one configuration: its value, where it comes from, and what it would be otherwise.
internal import Base

/// A kind of thing that has configurations, numbered as in the protocol and in the metadata log.
enum ConfigResourceKind: Int8, CaseIterable, Sendable {
    case topic = 2
    case broker = 4
    case logger = 8
    case clientMetrics = 16
    case group = 32
}

extension MetadataImage.ConfigResource {
    /// The thing of this kind called `name`.
    init(_ kind: ConfigResourceKind, _ name: Name) { self.init(type: kind.rawValue, name: name) }

    /// What kind of thing it is; nil if there is no such kind.
    var kind: ConfigResourceKind? { ConfigResourceKind(rawValue: type) }
}

/// Where a configuration's value comes from, numbered as in DescribeConfigs (KIP-226).
enum ConfigOrigin: Int8, Sendable {
    case topic = 1
    /// Set for one broker while it ran.
    case broker = 2
    /// Set for all brokers while they ran.
    case cluster = 3
    /// In the configuration that the broker was started with.
    case start = 4
    case `default` = 5
    case logger = 6
    case clientMetrics = 7
    case group = 8
}

/// A value that a configuration has, or would have without those before it.
struct ConfigSynonym: Equatable, Sendable {
    let name: Name
    /// Nil where nobody is shown it.
    let value: String?
    let origin: ConfigOrigin
}

/// One configuration of a thing.
struct ConfigEntry: Sendable {
    let name: Name
    /// Nil where there is none, or nobody is shown it.
    let value: String?
    /// Nil of a key that nobody knows.
    var type: ConfigType?
    var isReadOnly = false
    var isSensitive = false
    let origin: ConfigOrigin
    /// The value that holds first.
    var synonyms: [ConfigSynonym] = []
    var documentation = ""

    /// An entry whose value is the first of `synonyms`, or what the key has by itself.
    init(_ key: ConfigKey, _ value: String?, _ synonyms: [ConfigSynonym]) {
        name = key.name
        self.value = key.isSensitive ? nil : value
        type = key.type
        isSensitive = key.isSensitive
        origin = synonyms.first?.origin ?? .default
        self.synonyms = synonyms
        documentation = key.documentation
    }

    /// A key of which nothing is known; its value may be a secret.
    init(unknown name: Name, _ synonyms: [ConfigSynonym]) {
        self.name = name
        value = nil
        isReadOnly = true
        isSensitive = true
        origin = synonyms.first?.origin ?? .default
        self.synonyms = synonyms
    }

    /// The level of a logger.
    init(logger name: Name, level: String) {
        self.name = name
        value = level
        origin = .logger
    }
}
