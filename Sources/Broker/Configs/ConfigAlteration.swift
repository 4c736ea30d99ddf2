// Changes of configurations as clients ask for them: what is looked at before anything is changed, and what
// they make of the values that there are.
internal import Base

internal import enum Protocol.ErrorCode

/// What is to become of one value.
enum ConfigEdit: Equatable, Sendable {
    case set(String)
    /// Its default is to hold again.
    case delete
    /// Elements are to be in a list, or not to be there.
    case append(String)
    case subtract(String)
    /// A number that means nothing.
    case unknown(Int8)
    /// No value, where one is needed.
    case null
}

/// What is to become of the configurations of one thing.
struct ConfigAlteration: Sendable {
    let resource: MetadataImage.ConfigResource
    let edits: [(name: Name, edit: ConfigEdit)]
    /// Whether what is not named is to be deleted (AlterConfigs).
    let replacesAll: Bool
}

extension ConfigAlteration {
    /// Refuses what makes no sense, whatever is there.
    func checkForm() throws(Refusal) {
        guard Set(edits.map(\.name)).count == edits.count else {
            throw .invalidRequest("Error due to duplicate config keys")
        }
        let nulls = edits.filter { $0.edit == .null }.map(\.name.text)
        guard nulls.isEmpty else {
            throw .invalidRequest("Null value not supported for : \(nulls.joined(separator: ", "))")
        }
        switch resource.kind {
        case .topic, .broker, .clientMetrics, .group: break
        case .logger where !replacesAll: break
        case .logger, nil:
            throw .invalidRequest("Unknown resource type \(resource.type)")
        }
    }

    /// The values of the thing after the change, from those that it has.
    func values(from current: [Name: String]) throws(Refusal) -> [Name: String] {
        var values = replacesAll ? [:] : current
        for (name, edit) in edits {
            switch edit {
            case .set(let text): values[name] = text
            case .delete: values[name] = nil
            case .append(let text):
                var elements = try elements(of: name, current, "append", "APPEND")
                for element in Self.split(text) where !elements.contains(element) { elements.append(element) }
                values[name] = elements.joined(separator: ",")
            case .subtract(let text):
                let removed = Self.split(text)
                let elements = try elements(of: name, current, "subtract", "SUBTRACT")
                values[name] = elements.filter { !removed.contains($0) }.joined(separator: ",")
            case .unknown(let number):
                throw .invalidRequest("Unknown operations type \(number)")
            case .null: preconditionFailure("values that are null were not refused by checkForm")
            }
        }
        return values
    }

    /// The elements of a list as it is, or as it is where nobody sets it.
    private func elements(
        of name: Name, _ current: [Name: String], _ verb: String, _ operation: String
    ) throws(Refusal) -> [String] {
        let isBroker = resource.kind == .broker
        let key = isBroker ? BrokerSettings.rule(name)?.key : TopicSettings.rule(name)?.key
        if isBroker, key == nil {
            throw Refusal(code: .invalidConfig, message: "Unknown config name: \(name)")
        }
        guard let key, key.type == .list, isBroker || resource.kind == .topic else {
            throw Refusal(
                code: .invalidConfig,
                message: isBroker
                    ? "Config value \(verb) is not allowed for config key: \(name)"
                    : "Can't \(operation) to key \(name) because its type is not LIST.")
        }
        let unset = isBroker ? BrokerSettings.defaults[name] : TopicSettings.defaults[name]
        return Self.split(current[name] ?? unset ?? "").filter { !$0.isEmpty }
    }

    private static func split(_ text: String) -> [String] {
        text.split(separator: ",", omittingEmptySubsequences: false).map { String($0) }
    }
}

// MARK: - What is to be there afterwards

extension BrokerConfigs {
    /// Keys of stores of certificates: they belong to a listener each, once the broker runs.
    private static let storesOfListeners: Set<Name> = [
        "ssl.key.password", "ssl.keystore.certificate.chain", "ssl.keystore.key", "ssl.keystore.location",
        "ssl.keystore.password", "ssl.keystore.type", "ssl.truststore.certificates",
        "ssl.truststore.location", "ssl.truststore.password", "ssl.truststore.type",
    ]
    /// Keys that Kafka changes while it runs, and that count at a start alone here.
    private static let ofStart: Set<Name> = ["listeners", "listener.security.protocol.map"]

    /// The configuration with other values for this broker or for all, where Kafka lets them be changed.
    func altered(
        _ resource: MetadataImage.ConfigResource, to values: [Name: String]
    ) throws(Refusal) -> BrokerConfigs {
        let isOwn = !resource.name.isEmpty
        let names = values.keys.sorted()
        try Self.refuse(names, "Cannot update these configs dynamically") { name in
            BrokerSettings.rule(name)?.key.update == .readOnly || Self.ofStart.contains(name) && isOwn
        }
        try Self.refuse(
            names,
            "These security configs can be dynamically updated only per-listener using the listener prefix"
        ) { Self.storesOfListeners.contains($0) }
        let altered: BrokerConfigs
        do throws(ConfigError) { altered = try changing(isOwn, to: values) } catch {
            throw .invalidRequest(error.description)
        }
        if !isOwn {
            try Self.refuse(
                names,
                "Cannot update these configs at default cluster level, broker id must be specified",
                where: Self.isOfOneBroker)
        }
        return altered
    }

    private static func isOfOneBroker(_ name: Name) -> Bool {
        let base = ListenerKey.key(of: name).map { Name($0) } ?? name
        return BrokerSettings.rule(base)?.key.update == .perBroker
    }

    private static func refuse(
        _ names: [Name], _ sentence: String, where isRefused: (Name) -> Bool
    ) throws(Refusal) {
        let refused = names.filter(isRefused)
        guard !refused.isEmpty else { return }
        throw .invalidRequest("\(sentence): [\(refused.map(\.text).joined(separator: ", "))]")
    }

    /// Refuses the name of another broker, which is `called` so where it is no number, and which `surprise`
    /// tells of where it is another one; without it, as the controller does.
    func checkName(
        _ name: Name, called what: String = "Node", _ surprise: String? = nil
    ) throws(Refusal) {
        guard let number = JavaNumber.integer(name.text), Int32(exactly: number) != nil else {
            throw .invalidRequest("\(what) id must be an integer, but it is: \(name)")
        }
        guard number != Int64(settings.nodeID) else { return }
        let surprise = surprise ?? "Unexpected broker id, expected \(settings.nodeID),"
        throw .invalidRequest("\(surprise) but received \(name)")
    }
}
