// Looking at a directory before anything in it is changed: is it a log directory, is it empty, is it in use?
// One that Apache Kafka wrote is as good as our own.
internal import Base
import Glibc
internal import Storage

extension DirectoryIdentity {
    private static let lockName = ".lock"

    enum Inspection: Equatable {
        case missing
        /// Without anything that could be somebody's but for plain files of these names.
        case empty(besides: [String])
        case ours
    }

    /// Finds out whose the directory is, without changing anything.
    static func inspect(_ path: String, _ disk: any Disk) throws(StorageError) -> Inspection {
        guard let entry = try disk.entry(at: path) else { return .missing }
        guard entry.isDirectory else { throw .foreignDirectory(path: path, reason: "it is a file") }
        if try properties(path, disk) != nil {
            for name in try disk.directories(in: path) where NamedDirectory(name) == .foreign {
                throw .unexpectedDirectory(path: path, name: name)
            }
            return .ours
        }
        // What file systems, tools and a start that was interrupted leave in an otherwise empty directory.
        let entries = try disk.list(path).filter { entry in
            entry.name != "lost+found" && entry.name != MetaProperties.fileName + ".tmp"
                && (entry.isDirectory || !entry.name.hasPrefix(".") || entry.name == markerName)
        }
        // Plain files do no harm, unless they tell that this was a broker's directory.
        let brokers = OffsetCheckpoint.Kind.allCases.map(\.rawValue) + [markerName]
        guard let witness = entries.first(where: { $0.isDirectory || brokers.contains($0.name) }) else {
            return .empty(besides: entries.map(\.name))
        }
        let kind = witness.isDirectory ? "the directory" : "the file"
        throw .foreignDirectory(
            path: path,
            reason: "it is not empty and has no meta.properties, but for instance \(kind) \(witness.name)")
    }

    static func properties(_ path: String, _ disk: any Disk) throws(StorageError) -> MetaProperties? {
        let file = path + "/" + MetaProperties.fileName
        guard let bytes = try disk.contents(file, limit: 1 << 20) else { return nil }
        return try MetaProperties(reading: bytes, path: file)
    }

    /// A directory that is locked.
    struct Claim {
        let lock: any DiskLock
        let properties: MetaProperties
        /// Whether it was made a log directory just now.
        var isNew = false
        /// Files in it that are not of a broker, if it is new.
        var foreignFiles: [String] = []
    }

    /// Takes the lock, and makes a missing or empty directory a log directory.
    ///
    /// A directory that cannot be made one, as on a full disk, is left as it was found.
    static func claim(
        _ options: LogDirectoryOptions, _ disk: any Disk
    ) throws(StorageError) -> Claim {
        let found = try inspect(options.path, disk)
        var foreignFiles: [String] = []
        if case .empty(let others) = found { foreignFiles = others }
        var made: (any DiskLock)?
        do throws(StorageError) {
            if found == .missing {
                try create(options.path, disk)
            } else {
                try disk.requireWritable(options.path)
            }
            let lock = try lock(options.path, disk)
            made = lock
            if var properties = try properties(options.path, disk) {
                if properties.directoryID == .zero { properties.directoryID = options.directoryID }
                return Claim(lock: lock, properties: properties)
            }
            let properties = MetaProperties(
                clusterID: options.clusterID, nodeID: options.nodeID, directoryID: options.directoryID,
                writerVersion: options.version)
            let file = options.path + "/" + MetaProperties.fileName
            try disk.replace(file, with: properties.bytes, isDurable: true)
            return Claim(lock: lock, properties: properties, isNew: true, foreignFiles: foreignFiles)
        } catch {
            // Whoever else holds the lock also owns what lies there.
            if case .directoryInUse = error { throw error }
            if found != .ours {
                for name in [MetaProperties.fileName, MetaProperties.fileName + ".tmp", lockName] {
                    try? disk.removeIfPresent(options.path + "/" + name)
                }
            }
            if found == .missing { try? disk.removeDirectory(options.path) }
            made?.release()
            throw error
        }
    }

    /// Creates the directory, and those above it that are missing.
    static func create(_ path: String, _ disk: any Disk) throws(StorageError) {
        let above = parent(of: path)
        if above != path, try disk.entry(at: above) == nil { try create(above, disk) }
        try disk.createDirectory(path)
        try disk.syncDirectory(above)
    }

    /// Takes the lock.
    ///
    /// The file holds our process id, for the one who finds it locked.
    static func lock(_ path: String, _ disk: any Disk) throws(StorageError) -> any DiskLock {
        let file = path + "/" + lockName
        guard let lock = try disk.lock(file) else {
            let text = try disk.contents(file, limit: 64) ?? []
            let process = Int32(String(decoding: text.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
            throw .directoryInUse(path: path, process: process)
        }
        // Kafka leaves the file empty and does not mind what is in it.
        let holder = try disk.open(file, .any)
        let text = Array("\(getpid())\n".utf8)
        do throws(StorageError) {
            // Over what is there, which takes no space.
            try holder.write(text.rawSpan, at: 0)
            try holder.truncate(to: Int64(text.count))
        } catch .outOfSpace {
            // It only helps people, who are better off without the number of another process.
            try holder.truncate(to: 0)
        }
        return lock
    }
}
