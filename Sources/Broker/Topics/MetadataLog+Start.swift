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

    /// Writes what a start begins with.
    func beginEpoch(
        _ settings: BrokerSettings, listeners: [Listener], storage: any StorageEngine
    ) throws(StartError) {
        guard lastEpoch.value < .max else {
            throw StartError("the metadata log has reached the last epoch there can be")
        }
        let epoch = LeaderEpoch(max(0, lastEpoch.value) + 1)
        do {
            let state = QuorumState(leaderID: settings.nodeID, epoch: epoch)
            let text = state.text(kraftVersion: quorum.kraftVersion)
            try storage.metadata.replace(
                QuorumState.fileName, in: Self.partition, with: Array(text.utf8))
            try begin(epoch: epoch, nodeID: settings.nodeID)
            // Whoever began it will not go on.
            if image.isInTransaction { try append([.abortTransaction]) }
            if image.features.isEmpty {
                try append(MetadataSnapshot.bootstrapRecords(in: storage.metadata) ?? Self.initialRecords)
            }
            try register(settings, listeners, storage.places.map(\.directoryID))
        } catch {
            throw StartError("cannot write the metadata log: \(error)")
        }
    }

    private static var initialRecords: [MetadataRecord] {
        Features.initial.map { name, level in
            var record = FeatureLevelRecord()
            record.name = name
            record.featureLevel = level
            return .featureLevel(record)
        }
    }

    private func register(
        _ settings: BrokerSettings, _ listeners: [Listener], _ directoryIDs: [UUID]
    ) throws(MetadataError) {
        var generator = SystemRandomNumberGenerator()
        var record = RegisterBrokerRecord()
        record.brokerID = settings.nodeID
        record.incarnationID = UUID.random(using: &generator)
        record.brokerEpoch = endOffset.value
        record.endPoints = listeners.map { listener in
            var endpoint = RegisterBrokerRecord.BrokerEndpoint()
            endpoint.name = listener.address.name
            endpoint.host = listener.address.isEverywhere ? "localhost" : listener.address.host
            endpoint.port = listener.local.port
            endpoint.securityProtocol = listener.address.security.number
            return endpoint
        }
        record.features = Features.supported.map { feature in
            var supported = RegisterBrokerRecord.BrokerFeature()
            supported.name = feature.name
            supported.minSupportedVersion = feature.levels.lowerBound
            supported.maxSupportedVersion = feature.levels.upperBound
            return supported
        }
        record.rack = settings.rack.map { Name($0) }
        record.fenced = false
        record.logDirs = directoryIDs
        let offset = endOffset
        try append([.registerBroker(record)])
        registered(at: offset)
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
