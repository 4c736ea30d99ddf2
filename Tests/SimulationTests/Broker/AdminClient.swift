// A client that changes topics and configurations. It does one thing after another and asks again until it
// has an answer, so that it knows at any time what there must be.
import Base
import Coordinator
import Protocol
import Simulation

final class AdminClient: SimulatedClient {
    private enum Task {
        case create(Name, Int32)
        case delete(TopicID)
        case grow(TopicID, Int32)
        case configure(TopicID, Int64)
        case deleteRecords(Place, Int64)
        case changeVersion(TransactionVersion)
        case look
        case describe(TopicID)
    }
    private var task: Task?
    private var isAsking = false
    private var lastValue: Int64 = 1_000_000_000

    init(_ number: Int, _ history: BrokerHistory) { super.init("admin \(number)", history) }

    override var isQuiet: Bool { task == nil }
    override func lostConnection() { isAsking = false }

    override func proceed(_ wire: Wire) throws -> Bool {
        guard !isAsking else { return false }
        if task == nil {
            guard !history.isSettling, history.random.chance(40) else { return false }
            task = newTask()
        }
        guard let task else { return false }
        try begin(task)
        return true
    }

    private func newTask() -> Task? {
        let promise = history.promise
        let there = promise.topics.filter { $0.life == .there }
        // The first topic stays, so that records have time.
        let spare = there.filter { $0.name != BrokerPromise.names[0] }
        switch Int.random(in: 0..<11, using: &history.random) {
        case 0, 1:
            let free = BrokerPromise.names.filter { name in !there.contains { $0.name == name } }
            guard let name = free.randomElement(using: &history.random) else { return nil }
            return .create(name, Int32.random(in: 1...3, using: &history.random))
        case 2:
            guard let topic = spare.randomElement(using: &history.random) else { return nil }
            promise.change(topic.id) { $0.life = .deleting }
            return .delete(topic.id)
        case 3:
            guard let topic = there.randomElement(using: &history.random), topic.partitions < 5 else {
                return nil
            }
            return .grow(topic.id, topic.partitions + 1)
        case 4, 5:
            guard let topic = there.randomElement(using: &history.random) else { return nil }
            lastValue += 1
            return .configure(topic.id, lastValue)
        case 6:
            guard let place = promise.places.randomElement(using: &history.random) else { return nil }
            let known = promise.partitions[place] ?? PartitionPromise()
            guard known.visibleEndNow > known.startMin else { return nil }
            let offset = Int64.random(in: known.startMin...known.visibleEndNow, using: &history.random)
            promise.partitions[place]?.startMax = max(known.startMax, offset)
            return .deleteRecords(place, offset)
        case 7:
            guard let topic = there.randomElement(using: &history.random) else { return nil }
            return .describe(topic.id)
        case 8:
            return TransactionVersion.allCases.randomElement(using: &history.random).map(Task.changeVersion)
        default: return .look
        }
    }

    private func begin(_ task: Task) throws {
        switch task {
        case .create(let name, let count): try create(name, count)
        case .delete(let id): try delete(id)
        case .grow(let id, let count): try grow(id, count)
        case .configure(let id, let value): try configure(id, value)
        case .deleteRecords(let place, let offset): try deleteRecords(place, offset)
        case .changeVersion(let version): try change(version)
        case .look: try look()
        case .describe(let id): try describe(id)
        }
    }

    private func ask<Request: RequestMessage>(
        _ request: Request, _ version: Int16, _ handle: @escaping (Request.Reply) throws -> Void
    ) throws {
        isAsking = true
        try send(request, version) { [unowned self] reply in
            isAsking = false
            try handle(reply)
        }
    }

    /// Whether the answer counts; nil for one after which it is asked again.
    private func isDone(_ code: Int16, or others: [ErrorCode] = []) throws -> Bool? {
        let error = ErrorCode(of: code)
        if error == .none { return true }
        history.tell("\(name): \(error)")
        if others.contains(error) { return false }
        guard error == .requestTimedOut || error == .kafkaStorageError || error == .unknownServerError else {
            throw violated("\(String(describing: task)): \(error)")
        }
        return nil
    }

    private func create(_ name: Name, _ count: Int32) throws {
        var topic = CreateTopicsRequest.CreatableTopic()
        topic.name = name
        topic.numPartitions = count
        topic.replicationFactor = 1
        var request = CreateTopicsRequest()
        request.topics = [topic]
        try ask(request, 7) { [unowned self] reply in
            guard let made = reply.topics.first else { throw violated("a creation without an answer") }
            guard let isMade = try isDone(made.errorCode, or: [.topicAlreadyExists]) else { return }
            if isMade {
                try history.promise.created(name, made.topicID, count)
                task = nil
            } else {
                try find(name, count)
            }
        }
    }

    /// An earlier attempt made the topic.
    private func find(_ name: Name, _ count: Int32) throws {
        var asked = MetadataRequest.MetadataRequestTopic()
        asked.name = name
        var request = MetadataRequest()
        request.topics = [asked]
        request.allowAutoTopicCreation = false
        try ask(request, 12) { [unowned self] reply in
            guard let topic = reply.topics.first, topic.errorCode == 0 else {
                throw violated("\(name) is there already, and is not there")
            }
            guard topic.partitions.count == Int(count) else {
                throw violated("\(name) has \(topic.partitions.count) partitions instead of \(count)")
            }
            try history.promise.created(name, topic.topicID, count)
            task = nil
        }
    }

    private func delete(_ id: TopicID) throws {
        var state = DeleteTopicsRequest.DeleteTopicState()
        state.topicID = id
        var request = DeleteTopicsRequest()
        request.topics = [state]
        request.timeoutMs = 30_000
        try ask(request, 6) { [unowned self] reply in
            guard let done = reply.responses.first else { throw violated("a deletion without an answer") }
            guard try isDone(done.errorCode, or: [.unknownTopicID]) != nil else { return }
            history.promise.change(id) { $0.life = .deleted }
            task = nil
        }
    }

    private func grow(_ id: TopicID, _ count: Int32) throws {
        var topic = CreatePartitionsRequest.CreatePartitionsTopic()
        topic.name = history.promise.name(of: id)
        topic.count = count
        topic.assignments = nil
        var request = CreatePartitionsRequest()
        request.topics = [topic]
        request.timeoutMs = 30_000
        try ask(request, 3) { [unowned self] reply in
            guard let done = reply.results.first else { throw violated("a growth without an answer") }
            // With as many as it has already.
            guard try isDone(done.errorCode, or: [.invalidPartitions]) != nil else { return }
            history.promise.change(id) { $0.partitions = count }
            task = nil
        }
    }

    private func configure(_ id: TopicID, _ value: Int64) throws {
        var config = IncrementalAlterConfigsRequest.AlterableConfig()
        config.name = "retention.ms"
        config.value = "\(value)"
        var resource = IncrementalAlterConfigsRequest.AlterConfigsResource()
        resource.resourceType = 2
        resource.resourceName = history.promise.name(of: id)
        resource.configs = [config]
        var request = IncrementalAlterConfigsRequest()
        request.resources = [resource]
        try ask(request, 1) { [unowned self] reply in
            guard let done = reply.responses.first else { throw violated("a change without an answer") }
            guard try isDone(done.errorCode) != nil else { return }
            history.promise.change(id) { $0.retention = value }
            task = nil
        }
    }

    private func deleteRecords(_ place: Place, _ offset: Int64) throws {
        var partition = DeleteRecordsRequest.DeleteRecordsPartition()
        partition.partitionIndex = place.index
        partition.offset = offset
        var topic = DeleteRecordsRequest.DeleteRecordsTopic()
        topic.name = history.promise.name(of: place.topic)
        topic.partitions = [partition]
        var request = DeleteRecordsRequest()
        request.topics = [topic]
        request.timeoutMs = 30_000
        try ask(request, 2) { [unowned self] reply in
            guard let done = reply.topics.first?.partitions.first else {
                throw violated("a deletion without an answer")
            }
            // After a crash what was seen is visible again in a moment.
            guard try isDone(done.errorCode, or: [.offsetOutOfRange]) == true else { return }
            guard done.lowWatermark >= offset else {
                throw violated("after a deletion before \(offset) the log starts at \(done.lowWatermark)")
            }
            let known = history.promise.partitions[place]?.startMin ?? 0
            history.promise.partitions[place]?.startMin = max(known, done.lowWatermark)
            task = nil
        }
    }

    private func change(_ version: TransactionVersion) throws {
        var update = UpdateFeaturesRequest.FeatureUpdateKey()
        (update.feature, update.maxVersionLevel) = (Self.transactionVersion, version.rawValue)
        // 1 is an upgrade, 2 a safe downgrade.
        update.upgradeType = version < history.promise.transactionVersion ? 2 : 1
        if version == .v0 { history.promise.hadVersion0 = true }
        var request = UpdateFeaturesRequest()
        request.featureUpdates = [update]
        try ask(request, 2) { [unowned self] reply in
            guard try isDone(reply.errorCode) != nil else { return }
            history.tell("\(name): transactions run at \(version)")
            history.promise.transactionVersion = version
            task = nil
        }
    }

    static let transactionVersion: Name = "transaction.version"

    /// What there is must be what there should be, as nobody else changes it.
    private func look() throws {
        var request = MetadataRequest()
        request.topics = nil
        request.allowAutoTopicCreation = false
        try ask(request, 12) { [unowned self] reply in
            try history.promise.check(reply)
            task = nil
        }
    }

    private func describe(_ id: TopicID) throws {
        try ask(DescribeConfigsRequest(topic: history.promise.name(of: id)), 4) { [unowned self] reply in
            guard let done = reply.results.first, try isDone(done.errorCode) != nil else { return }
            try history.promise.check(reply, of: id)
            task = nil
        }
    }
}

extension DescribeConfigsRequest {
    /// How long a topic's records are kept.
    init(topic name: Name) {
        self.init()
        var resource = DescribeConfigsResource()
        resource.resourceType = 2
        resource.resourceName = name
        resource.configurationKeys = ["retention.ms"]
        resources = [resource]
    }
}
