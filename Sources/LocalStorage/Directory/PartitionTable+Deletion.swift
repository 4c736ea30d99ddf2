// Deleting partitions: their logs are closed, nothing is left of them in journal, checkpoints and doubts, and
// their directories are renamed and removed.
internal import Base
internal import Storage

extension PartitionTable {
    /// Deletes partitions, with one sync for all of them; what each failed with.
    ///
    /// With a `topicID` what lies there of another topic, or does not tell whose it is, stays, and the
    /// partition is missing.
    func delete(
        _ partitions: [TopicPartition], of topicID: TopicID?
    ) -> [StorageError?] {
        let deleted = DeletedDirectories(path, services)
        var failures: [StorageError?] = []
        var closed: [(number: Int, identity: LogIdentity?, incarnation: UInt64)] = []
        for (number, partition) in partitions.enumerated() {
            do throws(StorageError) {
                let (identity, incarnation) = try close(deleting: partition, of: topicID)
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
                services.pendingDeletes.forget(below: directories.path(of: partitions[number]))
                removed.append(try deleted.rename(partitions[number]))
            }
            try services.disk.syncDirectory(path)
            for directory in removed { deleted.removeLater(directory) }
        } catch {
            // They may be there again after a crash, with bytes that nobody syncs any more: no clean stop may
            // vouch for them.
            opening.doubt()
            for (number, _, _) in closed { failures[number] = error }
        }
        return failures
    }

    /// Closes the log of a partition that is about to be deleted; what the journal has of it is known by
    /// these.
    private func close(
        deleting partition: TopicPartition, of topicID: TopicID?
    ) throws(StorageError) -> (identity: LogIdentity?, incarnation: UInt64) {
        var found = openLog(of: partition)?.log.topicID
        if found == nil { found = try directories.look(at: partition).topicID }
        var isOurs = topicID == nil || found == topicID
        if found == nil, !isOurs { isOurs = try directories.files(of: partition).isEmpty }
        guard isOurs, try directories.exists(partition) else {
            throw .partitionMissing(path: directories.path(of: partition))
        }
        try services.journal?.forgetRecovered(partition)
        opening.deleted(partition)
        if let open = remove(partition) {
            open.log.close()
            return (open.store.identity, open.store.state.withLock { $0.incarnation })
        }
        // An earlier deletion may have failed.
        guard let journal = services.journal, let found else { return (nil, 0) }
        return (LogIdentity(partition: partition, topicID: found), journal.newIncarnation())
    }
}
