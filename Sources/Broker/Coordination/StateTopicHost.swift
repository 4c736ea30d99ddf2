// The state topic of one kind of coordinator: it is made when it is first needed, each of its partitions has
// a shard, and a key lives in the shard that Kafka's hash says.
internal import Base
package import Coordinator
internal import Network
internal import Protocol

/// Hosts all shards of one kind of coordinator.
package final class StateTopicHost<State: Shard>: Sendable {
    typealias Host = ShardHost<State>
    typealias Waiter = @Sendable ([Host]?) -> Void

    private enum Stage {
        /// The topic is not there, as far as we know.
        case absent
        /// It is being made; who waits for it.
        case creating([Waiter])
        case ready(topic: TopicID, [Host])
        /// Nothing is decided any more; the shards that there were.
        case stopped([Host])
    }

    let catalog: TopicCatalog
    let services: ShardServices
    /// Called when a shard has written something down.
    let whenWritten = Lock<@Sendable () -> Void>({})
    private let topic: StateTopic<State>
    private let topicName: Name
    private let loops: EventLoopGroup
    private let stage = Lock(Stage.absent)

    /// A host that does nothing before somebody asks, or `start`.
    init(
        _ topic: StateTopic<State>, catalog: TopicCatalog, loops: EventLoopGroup, services: ShardServices
    ) {
        self.topic = topic
        topicName = topic.asMade.name
        self.catalog = catalog
        self.loops = loops
        self.services = services
    }

    /// Begins to read what earlier runs left.
    func start() { _ = existingShards() }

    /// Answers everyone who waits, and decides nothing more.
    func stop() {
        let (shards, waiting): ([Host], [Waiter]) = stage.withLock { stage in
            let former = stage
            switch former {
            case .absent: stage = .stopped([])
            case .creating(let waiting):
                stage = .stopped([])
                return ([], waiting)
            case .ready(_, let shards), .stopped(let shards):
                stage = .stopped(shards)
                return (shards, [])
            }
            return ([], [])
        }
        for shard in shards { shard.close() }
        for waiter in waiting { waiter(nil) }
    }
}

// MARK: - Shards

extension StateTopicHost {
    /// The shards, if the topic exists; loading begins at the first call.
    func existingShards() -> [Host]? {
        let id = catalog.topics[topicName]?.id
        let shards: [Host]? = stage.withLock { stage in
            if case .ready(let known, let shards) = stage, known == id { shards } else { nil }
        }
        return shards ?? shardsAfterChange()
    }

    /// The same where the topic is not the one that was known.
    private func shardsAfterChange() -> [Host]? {
        var (mustLoad, mustClose): ([Host], [Host]) = ([], [])
        let shards: [Host]? = stage.withLock { stage in
            // Looked up under the lock: what was seen before may be older than what another thread acted on.
            let found = catalog.topics[topicName]
            switch stage {
            case .ready(let known, let shards):
                if known == found?.id { return shards }
                mustClose = shards  // deleted, and perhaps made anew
                stage = .absent
            case .creating: return nil  // its maker takes it over in a moment
            case .stopped(let shards): return shards.isEmpty ? nil : shards
            case .absent: break
            }
            guard let found else { return nil }
            mustLoad = makeShards(found)
            stage = .ready(topic: found.id, mustLoad)
            return mustLoad
        }
        for shard in mustClose { shard.close() }
        for shard in mustLoad { shard.load() }
        return shards
    }

    /// Calls `body` with the shards, making the topic if need be; with nil if that failed.
    func withShards(_ body: @escaping Waiter) {
        if let shards = existingShards() { return body(shards) }
        let (isFirst, mustWait, ready) = stage.withLock { stage -> (Bool, Bool, [Host]?) in
            switch stage {
            // Somebody else has seen the topic since: there is one set of hosts, or two would write.
            case .ready(_, let shards): return (false, false, shards)
            case .stopped: return (false, false, nil)
            case .absent:
                stage = .creating([body])
                return (true, true, nil)
            case .creating(let waiting):
                stage = .creating(waiting + [body])
                return (false, true, nil)
            }
        }
        guard mustWait else { return body(ready) }
        guard isFirst else { return }
        catalog.create([topic.asMade], by: topic.maker, validateOnly: false) { [self] results in
            if case .failure(let refusal)? = results.first { tellRefused(refusal) }
            created()
        }
    }

    /// Clients are told to come again, and come to nothing until somebody reads why.
    private func tellRefused(_ refusal: Refusal) {
        // Somebody else has made it meanwhile.
        guard refusal.code != .topicAlreadyExists else { return }
        services.logger.logLimited(
            .error, "topic.not_created",
            ["topic": topicName.text, "by": topic.maker, "reason": refusal.message ?? refusal.code.name])
    }

    /// The topic was made just now, by us or by somebody else, or could not be.
    private func created() {
        let (shards, waiting) = stage.withLock { stage -> ([Host]?, [Waiter]) in
            guard case .creating(let waiting) = stage else { return (nil, []) }
            guard let found = catalog.topics[topicName] else {
                stage = .absent
                return (nil, waiting)
            }
            let shards = makeShards(found)
            stage = .ready(topic: found.id, shards)
            return (shards, waiting)
        }
        for shard in shards ?? [] { shard.load() }
        for waiter in waiting { waiter(shards) }
    }

    private func makeShards(_ found: Topic) -> [Host] {
        var services = services
        services.batchBytesMax = Int(found.settings.segmentBytes) / 4
        services.written = whenWritten.withLock { $0 }
        return found.partitions.enumerated().map { index, partition in
            Host(
                partition, on: loops.loops[index % loops.loops.count], services,
                make: { [topic] in topic.emptyShard(found) }, whenLoaded: topic.whenLoaded,
                carryOut: topic.carryOut)
        }
    }

    /// The shards that are at work; none is made for this.
    var presentShards: [Host] {
        stage.withLock { if case .ready(_, let shards) = $0 { shards } else { [] } }
    }

    /// The shard over `partition`, if the host has it.
    func shard(over partition: Partition) -> Host? {
        existingShards()?.first { $0.partition === partition }
    }

    /// The shard that `key` lives in.
    static func shard(of key: Name, in shards: [Host]) -> Host {
        let hash = javaHash(key)
        // Kafka takes the absolute value, and 0 for the one number that has none.
        return shards[hash == .min ? 0 : Int(abs(hash)) % shards.count]
    }
}

/// `String.hashCode` of Java, over UTF-16: it decides which partition a key lives in.
func javaHash(_ name: Name) -> Int32 {
    name.text.utf16.reduce(Int32(0)) { $0 &* 31 &+ Int32($1) }
}
