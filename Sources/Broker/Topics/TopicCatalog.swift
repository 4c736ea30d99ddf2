// The topics of the broker, and how they change. A change is decided, written to the metadata log and made
// durable there, then shown, then carried out on the disk: whoever names a new partition waits until it is
// made. Changes are decided one after another on a thread of their own, as they wait for the metadata log;
// what they lead to on the disk is done in slices beside it (`PartitionMaking`), so that a large one holds up
// no other. Requests read an immutable directory and wait for nobody.
package import Base
internal import Protocol
package import Storage

/// A topic named in a request: by name, or by id where the name is nil.
package struct TopicReference: Hashable, Sendable {
    package let name: Name?
    package let id: TopicID
}

/// What a creation gave.
package struct CreatedTopic: Sendable {
    package let name: Name
    /// Like Kafka, also for a topic that was only checked, though nothing has this id then.
    package let id: TopicID
    package let partitionCount: Int32
    package let overrides: [Name: String]
    package let settings: TopicSettings
}

/// The topics, and the thread that changes them.
package final class TopicCatalog: Sendable {
    private struct State {
        /// Changes that were asked for and have not begun.
        var changes: [Change] = []
        /// No more changes are taken in.
        var isStopping = false
        var topics = TopicDirectory()
        var configuration: BrokerConfigs
        var features: [Name: Int16] = [:]
        var metadataOffset = Offset.zero
        /// Leader epochs of this start; nil before leadership is taken.
        var terms: NewTerms?
        /// Told of topics that were deleted.
        var whenDeleted: @Sendable (_ names: Set<Name>) -> Void = { _ in }
        /// Told of the topics whenever they changed.
        var whenChanged: @Sendable (TopicDirectory) -> Void = { _ in }
        /// Told what is configured of the broker, or of groups, whenever that changed.
        var whenConfigured: @Sendable (ConfigurationNews) -> Void = { _ in }
    }
    private let state: Lock<State>
    /// Topics that are deleted and whose directories are not gone yet, by name, and who waits for that.
    let removals = Lock((underWay: [Name: Int](), waiting: [Creation]()))
    let metadata: MetadataLog
    let storage: any StorageEngine
    let logger: Logger
    let worker: SerialWorker
    private let leadership: Leadership
    let configurations = TopicConfigurations()
    /// What opens the logs of partitions.
    let opening: PartitionOpening

    /// The catalog of what `metadata` says, with partitions whose logs in `storage` are not open and not yet
    /// led.
    package init(
        metadata: MetadataLog, storage: any StorageEngine, settings: BrokerSettings, worker: SerialWorker,
        background: @escaping BackgroundRunner, logger: Logger
    ) throws(StartError) {
        self.metadata = metadata
        self.storage = storage
        self.worker = worker
        self.logger = logger
        leadership = Leadership(
            metadata: metadata, nodeID: settings.nodeID, storage: storage, logger: logger)
        opening = PartitionOpening(
            leadership, isRemoved: { metadata.image.removedTopics.contains($0) },
            background: background, logger: logger)
        let places = try PartitionPlaces(metadata.image, storage)
        let configuration = BrokerConfigs(settings, metadata.image, logger: logger)
        state = Lock(State(configuration: configuration))
        let unopened = TopicOpening(
            metadata.image, places, configuration.settings, configurations, logger)
        let topics = TopicDirectory(unopened.topics(openedBy: opening))
        state.withLock { $0.topics = topics }
        notePosition()
    }

    /// Leads all partitions, after a crash in new epochs, as also each whose files were refused; must come
    /// before any of them is opened or served.
    ///
    /// Blocks until the new epochs are durable; where there is no space for them, they are left to
    /// `goOnTakingLeadership` (`isTakingLeadership`).
    func takeLeadership() throws(StartError) {
        let isAfterCrash = storage.isAfterCrash
        let terms = NewTerms(topics.all, by: leadership) { partition in
            isAfterCrash || !storage.isVouchedFor(partition)
        }
        state.withLock { $0.terms = terms }
        do throws(MetadataError) { try goOnTakingLeadership() } catch {
            if !error.isLackOfSpace { throw StartError("cannot write new leader epochs: \(error)") }
        }
    }

    /// Begins the epochs that are still to be written.
    func goOnTakingLeadership() throws(MetadataError) {
        try state.withLock { $0.terms }?.begin()
        notePosition()
    }

    /// Whether some are.
    var isTakingLeadership: Bool { state.withLock { $0.terms }?.areLeft ?? false }

    /// Whether some are because of what a crash may have lost.
    var owesEpochs: Bool { state.withLock { $0.terms }?.areOwed ?? false }

    /// The topics as they are now.
    package var topics: TopicDirectory { state.withLock { $0.topics } }
    /// What is configured of the broker, as it is now.
    package var configuration: BrokerConfigs { state.withLock { $0.configuration } }
    /// The same without where it comes from.
    var settings: BrokerSettings { configuration.settings }
    /// Finalized feature levels.
    package var features: [Name: Int16] { state.withLock { $0.features } }
    /// Whether consumer groups are served (KIP-848): their level says so.
    var servesConsumerGroups: Bool { state.withLock { $0.features["group.version"] ?? 0 > 0 } }
    /// The last offset of the metadata log that is applied.
    package var metadataOffset: Offset { state.withLock { $0.metadataOffset } }

    /// Calls `body` on the catalog's thread with the names of topics that are deleted from now on, before
    /// others can take their names.
    func whenDeleted(_ body: @escaping @Sendable (_ names: Set<Name>) -> Void) {
        state.withLock { $0.whenDeleted = body }
    }

    /// Calls `body` on the catalog's thread with the topics after each change, before anybody is told that it
    /// is done.
    func whenChanged(_ body: @escaping @Sendable (TopicDirectory) -> Void) {
        state.withLock { $0.whenChanged = body }
    }

    /// Calls `body` on the catalog's thread when something was configured of the broker or of groups, before
    /// anybody is told that it is done.
    func whenConfigured(_ body: @escaping @Sendable (ConfigurationNews) -> Void) {
        state.withLock { $0.whenConfigured = body }
    }

    /// Has another configuration hold.
    func use(_ configuration: BrokerConfigs) { state.withLock { $0.configuration = configuration } }

    /// Tells who wants to know what was configured.
    func tellConfigured(_ news: ConfigurationNews) { state.withLock { $0.whenConfigured }(news) }

    /// Shows other topics.
    func change(_ body: (TopicDirectory) -> TopicDirectory) {
        let (topics, tell) = state.withLock { state in
            state.topics = body(state.topics)
            return (state.topics, state.whenChanged)
        }
        tell(topics)
    }

    /// Tells who wants to know that topics were deleted.
    func tellDeleted(_ names: Set<Name>) { state.withLock { $0.whenDeleted }(names) }

    /// What the metadata log says by now counts.
    func notePosition() {
        let offset = metadata.lastOffset
        var features = metadata.image.features
        // Control records tell it; clients hear of it among the others where it is not 0.
        let kraftVersion = metadata.quorum.kraftVersion
        if kraftVersion > 0 { features["kraft.version"] = kraftVersion }
        let levels = features
        let isOther = state.withLock { state in
            let former = state.features
            state.features = levels
            state.metadataOffset = offset
            return former != levels
        }
        if isOther { tellConfigured(.features) }
    }

    /// Creates topics, or with `validateOnly` checks them; `done` gets one result for each, in order, when
    /// their partitions can be used.
    package func create(
        _ wanted: [NewTopic], by requester: String, validateOnly: Bool,
        then done: @escaping @Sendable ([Result<CreatedTopic, Refusal>]) -> Void
    ) {
        add(.create(Creation(wanted: wanted, requester: requester, validateOnly: validateOnly, done: done)))
    }

    /// Deletes topics; `done` gets one result for each, in order, when their directories are gone.
    package func delete(
        _ targets: [TopicReference], by requester: String,
        then done: @escaping @Sendable ([Result<TopicReferenceFound, Refusal>]) -> Void
    ) {
        add(.delete(Deletion(targets: targets, requester: requester, done: done)))
    }

    /// Gives topics more partitions, or with `validateOnly` checks whether it could; `done` gets for each, in
    /// order, why it was not done, when the partitions can be used.
    ///
    /// No topic is named twice.
    func increase(
        _ wanted: [PartitionIncrease], by requester: String, validateOnly: Bool,
        then done: @escaping @Sendable ([Refusal?]) -> Void
    ) {
        add(.increase(Increase(wanted: wanted, requester: requester, validateOnly: validateOnly, done: done)))
    }

    /// Brings a partition to the end of its way to another place; `done` is called in any case.
    func finish(_ moving: PartitionMoves.Moving, then done: @escaping @Sendable () -> Void) {
        let isTaken = add(
            .alter { [self] in
                moveNow(moving)
                done()
            })
        if !isTaken { done() }
    }

    /// Changes configurations, or with `validateOnly` checks whether it could; `done` gets for each, in
    /// order, why it was not done.
    func configure(
        _ alterations: [ConfigAlteration], by requester: String, validateOnly: Bool,
        then done: @escaping @Sendable ([Refusal?]) -> Void
    ) {
        let change = Configuration(
            alterations: alterations, requester: requester, validateOnly: validateOnly, done: done)
        add(.configure(change))
    }

    /// Whether a change is still taken in.
    @discardableResult
    func add(_ change: Change) -> Bool {
        let isTaken = state.withLock { state in
            if !state.isStopping { state.changes.append(change) }
            return !state.isStopping
        }
        if isTaken { worker.run { [self] in makeNext() } }
        return isTaken
    }

    /// Makes no more changes, and waits for the one under way and for partitions that are being opened, made
    /// or deleted.
    ///
    /// Logs that are closed meanwhile would look as if they had failed.
    ///
    /// What nobody has begun by then is never answered: whoever asked is gone.
    func stop(by deadline: Int64, _ clock: any BrokerClock) {
        state.withLock { state in
            state.isStopping = true
            state.changes = []
        }
        let isIdle = Signal()
        worker.run { isIdle.raise() }
        isIdle.wait(nanoseconds: max(1, deadline - clock.monotonicNanoseconds()))
        opening.stop(by: deadline, clock)
    }

    /// Makes the next change, and where it is a creation those that follow it too: the metadata log is synced
    /// once for all of them.
    private func makeNext() {
        let changes = state.withLock { state -> ArraySlice<Change> in
            let creations = state.changes.prefix { if case .create = $0 { true } else { false } }
            let next = creations.isEmpty ? state.changes.prefix(1) : creations
            state.changes.removeFirst(next.count)
            return next
        }
        var creations: [Creation] = []
        for change in changes {
            switch change {
            case .create(let creation): creations.append(creation)
            case .delete(let deletion): deleteNow(deletion)
            case .increase(let increase): increaseNow(increase)
            case .configure(let change): configureNow(change)
            case .alter(let change): change()
            }
        }
        createNow(creations)
    }
}

extension TopicCatalog {
    /// What somebody wants to be created.
    struct Creation: Sendable {
        let wanted: [NewTopic]
        let requester: String
        let validateOnly: Bool
        let done: @Sendable ([Result<CreatedTopic, Refusal>]) -> Void
    }

    /// What somebody wants to be deleted.
    struct Deletion: Sendable {
        let targets: [TopicReference]
        let requester: String
        let done: @Sendable ([Result<TopicReferenceFound, Refusal>]) -> Void
    }

    /// What somebody wants to have more partitions.
    struct Increase: Sendable {
        let wanted: [PartitionIncrease]
        let requester: String
        let validateOnly: Bool
        let done: @Sendable ([Refusal?]) -> Void
    }

    /// What somebody wants to be configured.
    struct Configuration: Sendable {
        let alterations: [ConfigAlteration]
        let requester: String
        let validateOnly: Bool
        let done: @Sendable ([Refusal?]) -> Void
    }

    enum Change {
        case create(Creation)
        case delete(Deletion)
        case increase(Increase)
        case configure(Configuration)
        /// Something beside topics and configurations; done when it returns.
        case alter(@Sendable () -> Void)
    }
}
