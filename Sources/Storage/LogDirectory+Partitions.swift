// The partitions of a log directory: each has a directory of its own, named after topic and number, and a
// file that tells the topic's id.
package import Base

extension LogDirectory {
    static let deletedSuffix = "-delete"

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
        _ partition: TopicPartition, id: TopicID, config: LogConfig, kind: LogKind = .data
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
            if bound > .zero { throw .partitionMissing(path: directory) }
            return try createPartition(partition, id: id, config: config, kind: kind)
        }
        let file = directory + "/" + PartitionMetadata.fileName
        let metadata = try services.disk.contents(file, limit: 4096)
        if let metadata {
            let found = try PartitionMetadata(reading: metadata, path: file).topicID
            guard found == id else { throw .topicIDMismatch(path: directory, expected: id, found: found) }
        } else {
            // Without it Kafka takes the directory for a stray one, and makes an empty partition.
            try services.disk.replace(file, with: PartitionMetadata(topicID: id).bytes, isDurable: true)
        }
        let identity = LogIdentity(partition: partition, topicID: id, kind: kind)
        do throws(StorageError) {
            let trust = cleanStop != nil ? Trust.clean : .upTo(bound)
            return try open(identity, config, trust, isIdentified: metadata != nil)
        } catch {
            state.withLock { $0.hasDoubts = true }
            throw error
        }
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
    package func files(of partition: TopicPartition) throws(StorageError) -> [DiskEntry] {
        guard try hasFiles(of: partition) else { return [] }
        return try services.disk.list(path + "/" + partition.description).filter { !$0.isDirectory }
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
        of name: String, in partition: TopicPartition? = nil, limit: Int
    ) throws(StorageError) -> [UInt8]? {
        let directory = partition.map { path + "/" + $0.description } ?? path
        return try services.disk.contents(directory + "/" + name, limit: limit)
    }

    func open(
        _ identity: LogIdentity, _ config: LogConfig, _ trust: Trust, isIdentified: Bool
    ) throws(StorageError) -> PartitionLog {
        let directory = path + "/" + identity.partition.description
        var (logStart, compactedTo, recoveryPoint, isKnown, shared) = state.withLock { state in
            (
                state.logStarts.offsets[identity.partition],
                state.cleanerOffsets.offsets[identity.partition],
                state.recoveryPoints.offsets[identity.partition] ?? .zero,
                // Kafka may compact before it writes one.
                state.hasRecoveryPoints && properties.writerVersion != nil, state.share(config)
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
            identity: isIdentified ? identity : nil, isBoundKnown: isKnown,
            verifiedEnd: min(recoveryPoint, suspectFrom ?? recoveryPoint), isSuspect: suspectFrom != nil,
            isDeferred: syncsLater && trust != .clean && suspectFrom == nil && identity.kind == .data
        ).open()
        // Everything was read from the disk, and synced.
        services.suspects?.remove(identity.partition)
        store.closeIndexes()
        let log = try PartitionLog.open(
            identity, store: store, notes: PartitionFiles(directory: directory, disk: services.disk),
            services: services, config: shared)
        let isStopped = state.withLock { state in
            if !state.isStopped { state.logs[identity.partition] = log }
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
    package func log(of partition: TopicPartition) -> PartitionLog? { state.withLock { $0.logs[partition] } }

    /// Deletes a partition, open or not: it is gone from the directory when the call returns, its files go on
    /// the pool.
    package func deletePartition(_ partition: TopicPartition) throws(StorageError) {
        if let error = deletePartitions([partition], of: nil)[0] { throw error }
    }

    /// Deletes partitions, with one sync for all of them; what each failed with.
    ///
    /// With a `topicID` what lies there of another topic stays, and the partition is missing.
    package func deletePartitions(
        _ partitions: [TopicPartition], of topicID: TopicID?
    ) -> [StorageError?] {
        var failures: [StorageError?] = []
        var closed: [(number: Int, identity: LogIdentity?, incarnation: UInt64)] = []
        for (number, partition) in partitions.enumerated() {
            do throws(StorageError) {
                let (identity, incarnation) = try close(doomed: partition, of: topicID)
                closed.append((number, identity, incarnation))
                failures.append(nil)
            } catch {
                failures.append(error)
            }
        }
        do throws(StorageError) {
            // A replay after a crash would fill a later directory of this name and id.
            let retired = closed.compactMap { one in one.identity.map { ($0, one.incarnation) } }
            try services.journal?.retire(retired)
            var removed: [String] = []
            for (number, _, _) in closed {
                services.suspects?.remove(partitions[number])
                removed.append(try renameDirectory(of: partitions[number]))
            }
            try services.disk.syncDirectory(path)
            for directory in removed { removeLater(directory) }
        } catch {
            // They may be there again after a crash, with bytes that nobody syncs any more: no clean stop may
            // vouch for them.
            state.withLock { $0.hasDoubts = true }
            for (number, _, _) in closed { failures[number] = error }
        }
        return failures
    }

    /// Closes the log of a partition that is about to be deleted; what the journal has of it is known by
    /// these.
    private func close(
        doomed partition: TopicPartition, of topicID: TopicID?
    ) throws(StorageError) -> (identity: LogIdentity?, incarnation: UInt64) {
        var found = log(of: partition)?.topicID
        if found == nil { found = try look(at: partition).topicID }
        guard try hasFiles(of: partition), topicID == nil || found == nil || found == topicID else {
            throw .partitionMissing(path: path + "/" + partition.description)
        }
        try services.journal?.forgetRecovered(partition)
        let log = state.withLock { state in
            state.recoveryPoints.offsets[partition] = nil
            state.logStarts.offsets[partition] = nil
            return state.logs.removeValue(forKey: partition)
        }
        do throws(StorageError) {
            try log?.close(isClean: false)
            if let store = log?.store as? SegmentStore {
                return (store.identity, store.state.withLock { $0.incarnation })
            }
            // An earlier deletion may have failed.
            guard let journal = services.journal, let found else { return (nil, 0) }
            return (LogIdentity(partition: partition, topicID: found), journal.newIncarnation())
        } catch {
            state.withLock { $0.hasDoubts = true }
            throw error
        }
    }

    /// Gives a partition's directory a name that no partition has; the new path.
    private func renameDirectory(of partition: TopicPartition) throws(StorageError) -> String {
        // A random part, as the same topic may be deleted, created and deleted again before the files are
        // gone.
        var generator = SystemRandomNumberGenerator()
        let digits = String(generator.next(), radix: 16) + String(generator.next(), radix: 16)
        let doomed = path + "/" + LogDirectory.doomedName(partition, digits)
        try services.disk.rename(path + "/" + partition.description, to: doomed)
        return doomed
    }

    /// Deletes the partition of an open log.
    package func deletePartition(_ log: PartitionLog) throws(StorageError) {
        try deletePartition(log.partition)
    }

    /// `topic-N.UUID-delete`, with a long topic name cut so that the whole is a legal file name, as Kafka
    /// does.
    private static func doomedName(_ partition: TopicPartition, _ digits: String) -> String {
        let unique = String(repeating: "0", count: max(0, 32 - digits.utf8.count)) + digits
        let suffix = "-\(partition.partition.value).\(unique)\(deletedSuffix)"
        return String(partition.topic.text.prefix(255 - suffix.utf8.count)) + suffix
    }

    /// Goes on with deletions that an earlier stop interrupted.
    package func removeDeleted() throws(StorageError) {
        for entry in try services.disk.list(path)
        where entry.isDirectory && entry.name.hasSuffix(LogDirectory.deletedSuffix) {
            removeLater(path + "/" + entry.name)
        }
    }

    private func removeLater(_ directory: String) {
        let (disk, logger) = (services.disk, services.logger)
        services.background {
            do throws(StorageError) {
                for entry in try disk.list(directory) where !entry.isDirectory {
                    try disk.remove(directory + "/" + entry.name)
                }
                try disk.removeDirectory(directory)
            } catch {
                logger.logLimited(
                    .warning, "partition.delete.failed",
                    ["directory": directory, "reason": error.description])
            }
        }
    }
}

extension TopicPartition {
    /// The partition whose directory has this name; nil for names that no partition has, among them `-delete`
    /// and `-stray`.
    package init?(directoryName name: String) {
        guard let dash = name.lastIndex(of: "-"), dash != name.startIndex else { return nil }
        let digits = name[name.index(after: dash)...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let index = Int32(digits)
        else { return nil }
        self.init(topic: Name(name[..<dash]), partition: PartitionIndex(index))
    }
}
