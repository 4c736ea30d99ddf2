// Opening partitions: what stands in a directory is compared with what is known of it, and recovered.
internal import Base
internal import Records
internal import Storage

extension PartitionTable {
    /// Opens a partition, recovering it if the last stop was not clean; it is created if it was never there.
    ///
    /// - Throws: `.partitionMissing`, `.topicIDMismatch`, and `.corrupt` where something durable is damaged:
    ///   that partition alone is then not served.
    func openPartition(
        _ partition: TopicPartition, id: TopicID, config: LogConfig, kind: LogKind
    ) throws(StorageError) -> PartitionLog {
        let directory = directories.path(of: partition)
        if let log = openLog(of: partition)?.log {
            guard log.topicID == id else {
                throw .topicIDMismatch(path: directory, expected: id, found: log.topicID)
            }
            return log
        }
        let replayed = try services.journal?.recovered?.replay(partition) ?? .zero
        let recoveryPoint = checkpoints.known(of: partition).checkpointed.recoveryPoint
        let bound = max(recoveryPoint ?? .zero, opening.journalBound(of: partition), replayed)
        guard try directories.exists(partition) else {
            // A missing directory that held something is not made up by an empty one.
            if bound > .zero { throw .partitionMissing(path: directory, end: bound) }
            return try create([NewPartition(partition, of: id, config: config)], kind: kind)[0].get()
        }
        let file = directory + "/" + PartitionMetadata.fileName
        let metadata = try services.disk.contents(file, limit: 4096)
        if let metadata {
            let found = try PartitionMetadata(reading: metadata, path: file).topicID
            guard found == id else { throw .topicIDMismatch(path: directory, expected: id, found: found) }
        } else {
            guard try mayAdopt(partition, isKnown: bound > .zero || recoveryPoint != nil) else {
                throw .corrupt(
                    path: file, position: 0,
                    reason: "it is missing, and nothing else tells whose records lie beside it")
            }
            // Without it Kafka takes the directory for a stray one, and makes an empty partition.
            try services.disk.replace(file, with: PartitionMetadata(topicID: id).bytes, isDurable: true)
        }
        let identity = LogIdentity(partition: partition, topicID: id, kind: kind)
        do throws(StorageError) {
            let trust = opening.isVouchedFor(partition) ? Trust.clean : .upTo(bound)
            let log = try open(identity, config, trust, isIdentified: metadata != nil)
            opening.judged(partition, isGood: true)
            return log
        } catch {
            opening.judged(partition, isGood: false)
            throw error
        }
    }

    /// Whether a directory without an identity is that of `partition` all the same: it was made and never
    /// written to, or a checkpoint knows it.
    private func mayAdopt(_ partition: TopicPartition, isKnown: Bool) throws(StorageError) -> Bool {
        if isKnown { return true }
        let logs = try directories.files(of: partition).filter { $0.name.hasSuffix(".log") }
        return logs.allSatisfy { $0.sizeBytes == 0 }
    }

    /// Reads the batches of a partition that is not open, one after another up to the first that is not
    /// whole, and changes nothing but what a crash left undone.
    func peek(
        at partition: TopicPartition, _ visit: (RecordBatch) throws(StorageError) -> Void
    ) throws(StorageError) {
        guard try directories.exists(partition) else { return }
        _ = try services.journal?.recovered?.replay(partition)
        try directories.peek(at: partition, visit)
    }

    /// Opens the log in a partition's directory, and puts it into the table.
    func open(
        _ identity: LogIdentity, _ config: LogConfig, _ trust: Trust, isIdentified: Bool
    ) throws(StorageError) -> PartitionLog {
        let partition = identity.partition
        let directory = directories.path(of: partition)
        let (known, isOwnWriting) = (checkpoints.known(of: partition), self.identity.isOwnWriting)
        // Kafka may compact before it writes recovery points.
        let isKnown = checkpoints.hasRecoveryPoints && isOwnWriting
        let shared = share(config)
        var logStart = known.logStart
        if logStart == nil, checkpoints.asksEpochsForStarts, identity.kind == .data {
            logStart = try checkpoints.logStart(fromEpochsOf: directory)
        }
        try requireWritable()
        let recoveryPoint = known.checkpointed.recoveryPoint ?? .zero
        let suspectFrom = services.suspects?.offset(of: partition)
        let store = try Recovery(
            directory: directory, services: services, shared: shared,
            trust: trust == .clean && suspectFrom != nil ? .upTo(.zero) : trust, logStart: logStart,
            compactedTo: known.compactedTo, mayBeOld: !isOwnWriting,
            identity: isIdentified ? identity : nil, checkpointed: known.checkpointed,
            isOwnWriting: isOwnWriting, isBoundKnown: isKnown,
            verifiedEnd: min(recoveryPoint, suspectFrom ?? recoveryPoint), isSuspect: suspectFrom != nil,
            isDeferred: syncsLater && trust != .clean && suspectFrom == nil && identity.kind == .data
        ).open()
        // Everything was read from the disk, and synced.
        services.suspects?.remove(partition)
        store.closeIndexes()
        let log = try PartitionLog.open(
            identity, store: store, notes: PartitionFiles(directory: directory, disk: services.disk),
            services: services.logs, config: shared)
        try add(OpenLog(log: log, store: store))
        guard store.isUnsynced else {
            store.closeFiles()
            return log
        }
        opening.syncLater(store) { [self] in writeCheckpointsOrWarn() }
        return log
    }
}
