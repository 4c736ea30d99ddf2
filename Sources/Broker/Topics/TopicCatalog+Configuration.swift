// Changing configurations: decided against what there is, durable in the metadata log, then in force: for
// logs that are open, for the broker, for groups.
internal import Base
internal import Coordinator
internal import Protocol
internal import Security
internal import Storage

/// What was configured, for who has to act on it.
enum ConfigurationNews: Sendable {
    /// The broker has other settings.
    case broker(BrokerConfigs)
    /// A group has settings of its own, or with nil no longer.
    case group(Name, ConsumerGroupConfig?)
    /// The cluster runs at other levels.
    case features
    /// Access rules came or went.
    case accessRules([AccessRuleChange])
}

extension TopicCatalog {
    /// Makes one change.
    func configureNow(_ change: Configuration) {
        var plan = ConfigurationPlan(metadata.image, configuration, topics)
        var results: [Refusal?] = []
        for alteration in change.alterations {
            do throws(Refusal) {
                try plan.add(alteration)
                results.append(nil)
            } catch {
                results.append(error)
            }
        }
        guard plan.records.count <= CreationLimits.recordsMax else {
            return change.done(results.map { $0 ?? .tooManyRecordsAtOnce })
        }
        if change.validateOnly || plan.records.isEmpty { return change.done(results) }
        do throws(MetadataError) { try metadata.append(plan.records) } catch {
            let refusal = Refusal(code: .kafkaStorageError, message: error.description)
            return change.done(results.map { $0 ?? refusal })
        }
        log(plan, by: change.requester)
        carryOut(plan)
        notePosition()
        change.done(results)
    }

    private func carryOut(_ plan: ConfigurationPlan) {
        var changed = plan.topics
        if plan.changesBroker {
            let (former, current) = (settings, plan.broker.settings)
            use(plan.broker)
            for topic in topics.all {
                let overrides = changed[topic.name]?.overrides ?? topic.overrides
                let settings = current.topicSettings(with: overrides, of: topic.name, logger)
                let isSame =
                    overrides == topic.overrides && settings == topic.settings
                    && LogConfig(settings, current) == LogConfig(settings, former)
                if !isSame { changed[topic.name] = (overrides, settings) }
            }
        }
        configure(changed)
        if plan.changesBroker { tellConfigured(.broker(plan.broker)) }
        for (group, config) in plan.groups { tellConfigured(.group(group, config)) }
    }

    /// Has topics, and the logs of their partitions, use other settings.
    private func configure(_ changed: [Name: (overrides: [Name: String], settings: TopicSettings)]) {
        let changed = changed.compactMap { name, values in
            topics[name].map { $0.with(configurations.shared(values.overrides, values.settings)) }
        }
        guard !changed.isEmpty else { return }
        change { $0.adding(changed) }
        let broker = settings
        for topic in changed {
            let config = SharedLogConfig(LogConfig(topic.settings, broker))
            for partition in topic.partitions { partition.configure(config) }
        }
        // What they hold may be too old or too much by now.
        storage.resumeUpkeep()
    }

    private func log(_ plan: ConfigurationPlan, by requester: String) {
        for (resource, keys) in plan.changes {
            // Never values: some of them are passwords.
            logger.logLimited(
                .info, "config.changed",
                [
                    "of": "\(resource.kind.map { "\($0)" } ?? "\(resource.type)")",
                    "name": resource.name.text,
                    "keys": keys.joined(separator: ","), "by": requester,
                ])
        }
    }
}

/// What a change of configurations leads to, decided thing by thing.
struct ConfigurationPlan {
    private let image: MetadataImage
    private let existing: TopicDirectory
    /// What is written.
    private(set) var records: [MetadataRecord] = []
    /// What is changed, for the log.
    private(set) var changes: [(resource: MetadataImage.ConfigResource, keys: [Name])] = []
    /// What is configured of the broker afterwards.
    private(set) var broker: BrokerConfigs
    private(set) var changesBroker = false
    /// Own values of topics, and what they amount to.
    private(set) var topics: [Name: (overrides: [Name: String], settings: TopicSettings)] = [:]
    /// What groups have of their own; nil for nothing.
    private(set) var groups: [Name: ConsumerGroupConfig?] = [:]

    init(_ image: MetadataImage, _ broker: BrokerConfigs, _ topics: TopicDirectory) {
        self.image = image
        self.broker = broker
        existing = topics
    }

    /// Takes one change in, or says why it is refused, which leaves the others as they are.
    mutating func add(_ alteration: ConfigAlteration) throws(Refusal) {
        let resource = alteration.resource
        if resource.kind == .broker, !resource.name.isEmpty { try broker.checkName(resource.name) }
        let current = image.configs[resource] ?? [:]
        let values = try alteration.values(from: current)
        switch resource.kind {
        case .topic: try addTopic(resource.name, values)
        case .broker:
            let altered = try broker.altered(resource, to: values)
            try checkReplicas(alteration, current, values)
            broker = altered
            changesBroker = true
        case .group:
            guard !resource.name.isEmpty else {
                throw .invalidRequest("Default group resources are not allowed.")
            }
            do throws(ConfigError) {
                let config = try GroupConfig(values, broker)
                groups[resource.name] = .some(values.isEmpty ? nil : config.consumer)
            } catch {
                throw Refusal(code: .invalidConfig, message: error.description)
            }
        case .clientMetrics:
            guard !resource.name.isEmpty else { throw .invalidRequest("Subscription name can't be empty") }
            _ = try ClientMetricsConfig(values)
        case .logger, nil:
            throw .invalidRequest("Unknown resource type \(resource.type)")
        }
        write(alteration, current, values)
    }

    private mutating func addTopic(_ name: Name, _ values: [Name: String]) throws(Refusal) {
        guard !name.isEmpty else { throw .invalidRequest("Default topic resources are not allowed.") }
        try TopicName.check(name)
        let settings: TopicSettings
        do throws(ConfigError) { settings = try broker.settings.topicDefaults.applying(values) } catch {
            throw Refusal(code: .invalidConfig, message: error.description)
        }
        guard existing[name] != nil else {
            throw Refusal(
                code: .unknownTopicOrPartition, message: "The topic '\(name)' does not exist.")
        }
        topics[name] = (values, settings)
    }

    /// Where a Kafka keeps eligible leaders (KIP-966), all its brokers have one least number of replicas, and
    /// this must stay in the log for it.
    private func checkReplicas(
        _ alteration: ConfigAlteration, _ current: [Name: String], _ values: [Name: String]
    ) throws(Refusal) {
        let key: Name = "min.insync.replicas"
        guard image.features["eligible.leader.replicas.version"] ?? 0 > 0 else { return }
        if alteration.resource.name.isEmpty {
            guard current[key] != nil, values[key] == nil else { return }
            throw Refusal(
                code: .invalidConfig,
                message: "Cluster-level \(key) cannot be removed while ELR is enabled.")
        }
        guard alteration.edits.contains(where: { $0.name == key }) else { return }
        throw Refusal(
            code: .invalidConfig, message: "Broker-level \(key) cannot be altered while ELR is enabled.")
    }

    private mutating func write(
        _ alteration: ConfigAlteration, _ current: [Name: String], _ values: [Name: String]
    ) {
        let resource = alteration.resource
        var keys = alteration.edits.map(\.name)
        if alteration.replacesAll { keys += current.keys.filter { values[$0] == nil }.sorted() }
        // As in Kafka's log, where a value of brokers is written again, for one that reads stores anew then.
        let written = keys.filter { current[$0] != values[$0] || resource.kind == .broker }
        guard !written.isEmpty else { return }
        records += written.map { .config(ConfigRecord(resource, $0, values[$0])) }
        changes.append((resource, written))
    }
}

extension ConfigRecord {
    /// The record that gives a key a value, or with nil takes it away.
    init(_ resource: MetadataImage.ConfigResource, _ key: Name, _ value: String?) {
        self.init()
        resourceType = resource.type
        resourceName = resource.name
        name = key
        self.value = value
    }
}
