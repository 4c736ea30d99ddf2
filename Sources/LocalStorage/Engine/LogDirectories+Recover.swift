// What `apus recover` does: the replay alone, for whoever wants to use the directory without Apus.
package import Base
package import Storage

extension LogDirectories {
    /// Replays the journal of a directory that nobody uses, and removes it; whether there was one.
    ///
    /// The files of partitions whose sync failed are read past the system's memory, so that the next reader
    /// finds what is on the disk.
    /// - Throws: `.foreignDirectory` for what is no log directory, `.directoryInUse`, `.corrupt`, `.io`.
    package static func recover(
        _ path: String, disk: any Disk, logger: Logger
    ) throws(StorageError) -> Bool {
        guard try disk.entry(at: path) != nil else {
            throw .foreignDirectory(path: path, reason: "there is no such directory")
        }
        guard try DirectoryIdentity.properties(path, disk) != nil else {
            throw .foreignDirectory(path: path, reason: "it has no \(MetaProperties.fileName)")
        }
        let lock = try DirectoryIdentity.lock(path, disk)
        defer { lock.release() }
        let directory = JournalDirectory(in: path, disk: disk)
        guard try disk.entry(at: directory.path) != nil else { return false }
        let outcome = try JournalReplay(logDirectory: path, disk: disk, logger: logger).run()
        for partition in outcome.suspects.offsets.keys {
            let files = "\(path)/\(partition)"
            guard try disk.entry(at: files) != nil else { continue }
            for entry in try disk.list(files) where entry.name.hasSuffix(".log") {
                try disk.open(files + "/" + entry.name, .readOnly).dropCache()
            }
        }
        try directory.write(OffsetCheckpoint())
        return true
    }
}
