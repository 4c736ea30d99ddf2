// What each start writes into the metadata log before anything is served: a new quorum epoch, on a new
// directory the initial features, and the registration of this broker (KIP-595, KIP-631).
internal import Base
internal import Network
internal import Protocol
internal import Storage

extension MetadataLog {
    /// The partition's name and directory.
    static let partition = TopicPartition(
        topic: TopicName.clusterMetadata, partition: PartitionIndex(0))

    /// Opens the metadata log of a directory, which is created where the directory is new, and begins to
    /// write to that directory.
    ///
    /// Throws before anything is changed if the log is none for this version, or for this node.
    convenience init(
        storage: any StorageEngine, _ settings: BrokerSettings, clock: any BrokerClock
    ) throws(StartError) {
        let directory = storage.metadata
        var config = LogConfig()
        // Its segments go when a snapshot stands for them.
        config.deletes = false
        config.segmentBytes = Int(settings.metadataSegmentBytes)
        config.segmentAgeMax = .milliseconds(settings.metadataSegmentMilliseconds)
        let found = try MetadataInspection(Self.partition, of: directory, nodeID: settings.nodeID)
        let log: PartitionLog
        do throws(StorageError) {
            try storage.requireAlone(Self.partition)
            try storage.start()
            // A snapshot that is ahead of the log stands for all of it, and the log goes on behind it.
            if let snapshot = found.snapshot, found.end <= snapshot.end, snapshot.end > .zero {
                directory.begin(Self.partition, at: snapshot.end)
            }
            log = try directory.openPartition(
                Self.partition, id: .metadataTopic, config: config, kind: .metadata)
        } catch {
            throw StartError(error.description)
        }
        try self.init(log: log, clock: clock, snapshot: found.snapshot, quorumState: found.quorumState)
    }

    /// Writes what a start begins with; where there is no space for that, it is left to be written before the
    /// next records (`isBeginning`).
    func beginEpoch(
        _ settings: BrokerSettings, listeners: [Listener], storage: any StorageEngine
    ) throws(StartError) {
        guard lastEpoch.value < .max else {
            throw StartError("the metadata log has reached the last epoch there can be")
        }
        let registration = Registration(settings, listeners, storage.places.map(\.directoryID))
        let beginning = EpochBeginning(
            LeaderEpoch(max(0, lastEpoch.value) + 1), registration, in: storage)
        do throws(MetadataError) { try begin(beginning) } catch {
            if !error.isLackOfSpace { throw StartError("cannot write the metadata log: \(error)") }
        }
    }
}

/// What a start writes into the metadata log before anything else.
///
/// Each step is taken once: where the disk is full, the next attempt goes on with the step that failed.
struct EpochBeginning: Sendable {
    private enum Step: CaseIterable {
        /// The ids of directories, before they are named to anybody.
        case directoryIDs
        /// The file `quorum-state`, before the epoch's first record.
        case quorumState
        case leaderChange
        /// Ends a metadata transaction that an earlier start left.
        case transaction
        /// Of a new directory.
        case features
        case registration
    }

    private let epoch: LeaderEpoch
    private let registration: Registration
    private let storage: any StorageEngine
    private var left = Step.allCases[...]

    /// The beginning of the quorum epoch `epoch`.
    init(_ epoch: LeaderEpoch, _ registration: Registration, in storage: any StorageEngine) {
        self.epoch = epoch
        self.registration = registration
        self.storage = storage
    }

    /// Takes the steps that are left; for somebody who is alone with `log`.
    mutating func goOn(_ log: MetadataLog) throws(MetadataError) {
        while let step = left.first {
            do { try take(step, log) } catch let error as MetadataError { throw error } catch {
                throw MetadataError(error)
            }
            left = left.dropFirst()
        }
    }

    private func take(_ step: Step, _ log: MetadataLog) throws {
        switch step {
        case .directoryIDs:
            try storage.identify()
        case .quorumState:
            let state = QuorumState(leaderID: registration.nodeID, epoch: epoch)
            let text = state.text(kraftVersion: log.quorum.kraftVersion)
            try storage.metadata.replace(
                QuorumState.fileName, in: MetadataLog.partition, with: Array(text.utf8))
        case .leaderChange:
            try log.begin(epoch: epoch, nodeID: registration.nodeID)
        case .transaction:
            // Whoever began it will not go on.
            if log.image.isInTransaction { try log.appendAlone([.abortTransaction]) }
        case .features:
            guard log.image.features.isEmpty else { return }
            try log.appendAlone(
                MetadataSnapshot.bootstrapRecords(in: storage.metadata) ?? Self.initialFeatures)
        case .registration:
            let offset = log.endOffset
            try log.appendAlone([.registerBroker(registration.record(at: offset))])
            log.registered(at: offset)
        }
    }

    private static var initialFeatures: [MetadataRecord] {
        Features.initial.map { name, level in
            var record = FeatureLevelRecord()
            record.name = name
            record.featureLevel = level
            return .featureLevel(record)
        }
    }
}

/// How this broker registers.
struct Registration: Sendable {
    let nodeID: Int32
    private let rack: String?
    private let endPoints: [RegisterBrokerRecord.BrokerEndpoint]
    private let directoryIDs: [UUID]

    init(_ settings: BrokerSettings, _ listeners: [Listener], _ directoryIDs: [UUID]) {
        nodeID = settings.nodeID
        rack = settings.rack
        self.directoryIDs = directoryIDs
        endPoints = listeners.map { listener in
            var endpoint = RegisterBrokerRecord.BrokerEndpoint()
            endpoint.name = listener.address.name
            endpoint.host = listener.address.isEverywhere ? "localhost" : listener.address.host
            endpoint.port = listener.local.port
            endpoint.securityProtocol = listener.address.security.number
            return endpoint
        }
    }

    /// The record of a new run, whose epoch is the record's own offset.
    func record(at offset: Offset) -> RegisterBrokerRecord {
        var record = RegisterBrokerRecord()
        record.brokerID = nodeID
        record.incarnationID = UUID.random()
        record.brokerEpoch = offset.value
        record.endPoints = endPoints
        record.features = Features.supported.map { feature in
            var supported = RegisterBrokerRecord.BrokerFeature()
            supported.name = feature.name
            supported.minSupportedVersion = feature.levels.lowerBound
            supported.maxSupportedVersion = feature.levels.upperBound
            return supported
        }
        record.rack = rack.map { Name($0) }
        record.fenced = false
        record.logDirs = directoryIDs
        return record
    }
}

extension SecurityProtocol {
    /// Kafka's number of the protocol in records.
    fileprivate var number: Int16 {
        switch self {
        case .plaintext: 0
        case .ssl: 1
        case .saslPlaintext: 2
        case .saslSSL: 3
        }
    }
}
