// The partitions of a log directory: each has a directory of its own, named after topic and number, and a
// file that tells the topic's id.
package import Base
package import Storage

extension LogDirectory {
    /// The partition directories on the disk, open or not.
    ///
    /// Those that are being deleted are left out, and everything that is not named like a partition.
    package func partitions() throws(StorageError) -> [FoundPartition] {
        var found: [FoundPartition] = []
        for partition in try partitionNames() { found.append(try look(at: partition)) }
        return found.sorted { $0.path < $1.path }
    }

    /// The names of partition directories, in no order; the directories are not looked into.
    package func partitionNames() throws(StorageError) -> [TopicPartition] {
        try services.disk.directories(in: path).compactMap { TopicPartition(directoryName: $0) }
    }

    /// What stands in a partition's directory.
    package func look(at partition: TopicPartition) throws(StorageError) -> FoundPartition {
        let directory = path + "/" + partition.description
        let file = directory + "/" + PartitionMetadata.fileName
        var topicID: TopicID?
        if let bytes = try services.disk.contents(file, limit: 4096) {
            topicID = (try? PartitionMetadata(reading: bytes, path: file))?.topicID
        }
        return FoundPartition(partition: partition, topicID: topicID, path: directory)
    }

    /// Opens a partition, recovering it if the last stop was not clean; it is created if it was never there.
    ///
    /// - Throws: `.partitionMissing`, `.topicIDMismatch`, and `.corrupt` where something durable is damaged:
    ///   that partition alone is then not served.
    package func openPartition(
        _ partition: TopicPartition, id: TopicID, config: LogConfig, kind: LogKind
    ) throws(StorageError) -> PartitionLog {
        let directory = path + "/" + partition.description
        if let log = log(of: partition) {
            guard log.topicID == id else {
                throw .topicIDMismatch(path: directory, expected: id, found: log.topicID)
            }
            return log
        }
        let replayed = try services.journal?.recovered?.replay(partition) ?? .zero
        let bound = state.withLock { state in
            max(
                state.recoveryPoints.offsets[partition] ?? .zero, state.journalBounds[partition] ?? .zero,
                replayed)
        }
        guard try services.disk.entry(at: directory) != nil else {
            // A missing directory that held something is not made up by an empty one.
            if bound > .zero { throw .partitionMissing(path: directory, end: bound) }
            return try createPartition(partition, id: id, config: config, kind: kind)
        }
        let file = directory + "/" + PartitionMetadata.fileName
        let metadata = try services.disk.contents(file, limit: 4096)
        if let metadata {
            let found = try PartitionMetadata(reading: metadata, path: file).topicID
            guard found == id else { throw .topicIDMismatch(path: directory, expected: id, found: found) }
        } else {
            guard try mayAdopt(partition, bound) else {
                throw .corrupt(
                    path: file, position: 0,
                    reason: "it is missing, and nothing else tells whose records lie beside it")
            }
            // Without it Kafka takes the directory for a stray one, and makes an empty partition.
            try services.disk.replace(file, with: PartitionMetadata(topicID: id).bytes, isDurable: true)
        }
        let identity = LogIdentity(partition: partition, topicID: id, kind: kind)
        do throws(StorageError) {
            let trust = isVouchedFor(partition) ? Trust.clean : .upTo(bound)
            let log = try open(identity, config, trust, isIdentified: metadata != nil)
            judged(partition, isGood: true)
            return log
        } catch {
            judged(partition, isGood: false)
            throw error
        }
    }

    /// Whether a directory without an identity is that of `partition` all the same: it was made and never
    /// written to, or a checkpoint knows it.
    private func mayAdopt(_ partition: TopicPartition, _ bound: Offset) throws(StorageError) -> Bool {
        if bound > .zero || state.withLock({ $0.recoveryPoints.offsets[partition] != nil }) { return true }
        return try files(of: partition).allSatisfy { !$0.name.hasSuffix(".log") || $0.sizeBytes == 0 }
    }

    /// Makes a log that is not open yet start at `offset`, if it does not reach it.
    package func begin(_ partition: TopicPartition, at offset: Offset) {
        state.withLock { $0.logStarts.offsets[partition] = offset }
    }

    /// Whether there is a directory of the partition, open or not.
    func hasFiles(of partition: TopicPartition) throws(StorageError) -> Bool {
        try services.disk.entry(at: path + "/" + partition.description) != nil
    }

    /// The files in a partition's directory; none if there is no such directory.
    package func files(of partition: TopicPartition) throws(StorageError) -> [StoredFile] {
        guard try hasFiles(of: partition) else { return [] }
        return try services.disk.list(path + "/" + partition.description).filter { !$0.isDirectory }.map {
            StoredFile(name: $0.name, sizeBytes: $0.sizeBytes, modified: $0.modified)
        }
    }

    /// Puts a small file into a partition's directory, whole and for good when the call returns.
    package func replace(
        _ name: String, in partition: TopicPartition, with bytes: [UInt8]
    ) throws(StorageError) {
        try services.disk.replace("\(path)/\(partition)/\(name)", with: bytes, isDurable: true)
    }

    /// Removes a file from a partition's directory.
    package func remove(_ name: String, of partition: TopicPartition) throws(StorageError) {
        try services.disk.remove("\(path)/\(partition)/\(name)")
    }

    /// The bytes of a file of the directory, or of a partition in it; nil if there is none.
    package func contents(
        of name: String, in partition: TopicPartition?, limit: Int
    ) throws(StorageError) -> [UInt8]? {
        let directory = partition.map { path + "/" + $0.description } ?? path
        return try services.disk.contents(directory + "/" + name, limit: limit)
    }

    func open(
        _ identity: LogIdentity, _ config: LogConfig, _ trust: Trust, isIdentified: Bool
    ) throws(StorageError) -> PartitionLog {
        let directory = path + "/" + identity.partition.description
        var (logStart, compactedTo, recoveryPoint, isKnown, shared, vouchers) = state.withLock { state in
            (
                state.logStarts.offsets[identity.partition],
                state.cleanerOffsets.offsets[identity.partition],
                state.recoveryPoints.offsets[identity.partition] ?? .zero,
                // Kafka may compact before it writes one.
                state.hasRecoveryPoints && properties.writerVersion != nil, state.share(config),
                Vouchers(
                    recoveryPoint: state.recoveryPoints.offsets[identity.partition],
                    highWatermark: state.highWatermarks.offsets[identity.partition])
            )
        }
        if logStart == nil, asksEpochsForStarts, identity.kind == .data {
            logStart = try LogDirectory.logStart(fromEpochsOf: directory, services.disk)
        }
        if let failure = state.withLock({ $0.failure }) {
            throw .offline(path: path, reason: failure.description)
        }
        let suspectFrom = services.suspects?.offset(of: identity.partition)
        let store = try Recovery(
            directory: directory, services: services, shared: shared,
            trust: trust == .clean && suspectFrom != nil ? .upTo(.zero) : trust, logStart: logStart,
            compactedTo: compactedTo, mayBeOld: properties.writerVersion == nil,
            identity: isIdentified ? identity : nil, vouchers: vouchers,
            isOwnWriting: properties.writerVersion != nil, isBoundKnown: isKnown,
            verifiedEnd: min(recoveryPoint, suspectFrom ?? recoveryPoint), isSuspect: suspectFrom != nil,
            isDeferred: syncsLater && trust != .clean && suspectFrom == nil && identity.kind == .data
        ).open()
        // Everything was read from the disk, and synced.
        services.suspects?.remove(identity.partition)
        store.closeIndexes()
        let log = try PartitionLog.open(
            identity, store: store, notes: PartitionFiles(directory: directory, disk: services.disk),
            services: services.logs, config: shared)
        let isStopped = state.withLock { state in
            if !state.isStopped { state.logs[identity.partition] = OpenLog(log: log, store: store) }
            state.highWatermarks.offsets[identity.partition] = nil
            return state.isStopped
        }
        guard !isStopped else {
            try log.close(isClean: false)
            throw .closed(path: directory)
        }
        if store.isUnsynced { syncLater(store) } else { store.closeFiles() }
        return log
    }

    /// The open log of a partition.
    package func log(of partition: TopicPartition) -> PartitionLog? {
        state.withLock { $0.logs[partition]?.log }
    }
}
