// Changes of feature levels, judged by Kafka's rules (KIP-584, KIP-778).
internal import Base
internal import Protocol

/// A level that a feature is to have.
struct FeatureUpdate: Sendable {
    /// What may become of what only the former level knows.
    enum Kind: Int8, Sendable {
        case upgrade = 1
        case safeDowngrade = 2
        case unsafeDowngrade = 3
    }

    let name: Name
    let level: Int16
    /// Nil for a number that means nothing.
    let kind: Kind?
}

/// What changes of feature levels lead to: all of them, or none.
struct FeaturePlan: Sendable {
    private let current: [Name: Int16]
    private let nodeID: Int32
    /// What is written.
    private(set) var records: [MetadataRecord] = []

    init(_ image: MetadataImage, kraftVersion: Int16, nodeID: Int32) {
        var current = image.features
        current["kraft.version"] = kraftVersion
        self.current = current
        self.nodeID = nodeID
    }

    /// Takes changes in, of several of one feature the last; the first that is refused refuses all.
    mutating func add(_ updates: [FeatureUpdate]) throws(Refusal) {
        let last = Dictionary(updates.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
        var seen: Set<Name> = []
        for name in updates.map(\.name) where seen.insert(name).inserted {
            guard let update = last[name] else { continue }
            if let reason = reason(against: update) {
                throw Refusal(
                    code: .invalidUpdateVersion,
                    message: "The update failed for all features since the following feature had an error: "
                        + reason)
            }
            guard update.level != current[name] ?? 0 else { continue }
            var record = FeatureLevelRecord()
            (record.name, record.featureLevel) = (name, update.level)
            records.append(.featureLevel(record))
        }
    }

    private func reason(against update: FeatureUpdate) -> String? {
        let (name, level) = (update.name, update.level)
        let reason: String? =
            if let kind = update.kind { reason(name, level, kind) } else {
                "The controller does not support the given upgrade type."
            }
        if name == Features.metadata, reason == nil { return metadataReason(level, update.kind) }
        return reason.map { "Invalid update version \(level) for feature \(name). \($0)" }
    }

    private func reason(_ name: Name, _ level: Int16, _ kind: FeatureUpdate.Kind) -> String? {
        let former = current[name] ?? 0
        if level < 0 { return "A feature version cannot be less than 0." }
        if let levels = Features.supported.first(where: { $0.name == name })?.levels {
            guard levels.contains(level) else {
                return "Local controller \(nodeID) only supports versions \(levels.lowerBound)-"
                    + "\(levels.upperBound)"
            }
        } else if level != 0 {
            return "Local controller \(nodeID) does not support this feature."
        }
        if level < former, kind == .upgrade {
            return "Can't downgrade the version of this feature without setting the upgrade type to either "
                + "safe or unsafe downgrade."
        }
        if level > former, kind != .upgrade { return "Can't downgrade to a newer version." }
        if name == "kraft.version" {
            if level < former { return "Can't downgrade the version of this feature." }
            return level > former ? "The voter of this quorum is configured, and stays the only one." : nil
        }
        let isKnown = Features.supported.contains { $0.name == name } || Features.unserved.contains(name)
        return isKnown ? nil : "Feature \(name) not found."
    }

    /// A format of metadata is left for an older one only where both write the same records.
    private func metadataReason(_ level: Int16, _ kind: FeatureUpdate.Kind?) -> String? {
        let former = current[Features.metadata] ?? 0
        guard level < former, Features.newFormats.contains(where: { level < $0 && $0 <= former }) else {
            return nil
        }
        let reason =
            kind == .unsafeDowngrade
            ? "Unsafe metadata downgrade is not supported in this version."
            : "Refusing to perform the requested downgrade because it might delete metadata information."
        return "Unsupported metadata.version downgrade from \(former) to \(level). \(reason)"
    }
}
