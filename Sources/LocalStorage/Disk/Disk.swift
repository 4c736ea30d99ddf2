// Seam 1: everything that touches a disk passes through these protocols, so that a simulated disk can crash,
// tear writes, fill up and fail in tests while the rest of the code stays the same.
package import Base
package import Storage

/// How a file is opened; all but `readOnly` are for reading and writing.
package enum OpenMode: Sendable {
    /// The file must exist; it is only read.
    case readOnly
    /// The file must exist.
    case existing
    /// The file must not exist yet.
    case new
    /// The file is created if it is missing.
    case any
}

/// One entry of a directory.
package struct DiskEntry: Equatable, Sendable {
    /// The last part of its path.
    package let name: String
    package let isDirectory: Bool
    /// The length of a file.
    package let sizeBytes: Int64
    /// When a file was written last; nil if the disk does not know.
    let modified: Timestamp?

    /// An entry as the disk found it.
    package init(name: String, isDirectory: Bool, sizeBytes: Int64, modified: Timestamp? = nil) {
        self.name = name
        self.isDirectory = isDirectory
        self.sizeBytes = sizeBytes
        self.modified = modified
    }
}

/// An advisory lock on a file, held until `release` or the end of the process.
package protocol DiskLock: AnyObject, Sendable {
    /// Gives the lock up; once is enough.
    func release()
}

/// An open file.
///
/// It is closed when the last reference goes; keep one as long as written bytes are not synced, as closing
/// may drop a pending write error of the kernel.
package protocol DiskFile: StoredBytes {
    /// Where the file was when it was opened, for error messages.
    var path: String { get }
    /// The length in bytes.
    func size() throws(StorageError) -> Int64
    /// Writes all of `bytes` at `position`; where it throws, any part of them may have been written.
    func write(_ bytes: RawSpan, at position: Int64) throws(StorageError)
    /// The same, with up to 64 KiB of zeros behind the bytes, which may be left out.
    func write(_ bytes: RawSpan, at position: Int64, zerosBehind: Int) throws(StorageError)
    /// Has writes go past the system's cache (O_DIRECT) from now on, or no longer; only a hint, but the
    /// memory, position and length of each have to be multiples of 4 KiB then.
    func setDirect(_ isDirect: Bool)
    /// Makes everything written so far durable, with the length (fdatasync).
    func sync() throws(StorageError)
    /// Reserves blocks for `length` bytes from `position` without changing the file's length. Only a hint:
    /// failures are ignored.
    func reserve(_ length: Int64, at position: Int64)
    /// Sets the length; reserved blocks beyond it are given back, also where the length stays the same.
    func truncate(to length: Int64) throws(StorageError)
    /// Lets later reads come from the disk itself, as far as the system can be told so: after a failed sync
    /// its memory may hold what the disk does not.
    func dropCache()
    /// Lets the system begin to write back what is not on the disk yet, without a promise.
    ///
    /// Before many files are synced one after another, so that the disk works on all of them at once.
    func startWriteBack()
}

/// The whole file system that a directory lies on, which tells whether any of it was lost.
package protocol DiskVolume: AnyObject, Sendable {
    /// Makes all files and directories durable that were changed before (syncfs).
    ///
    /// False if anything on it was lost since the last call, or since this was opened: then nothing is known
    /// of any file that was not synced by itself.
    func sync() -> Bool
}

/// A file system.
package protocol Disk: AnyObject, Sendable {
    /// Opens or creates a file.
    func open(_ path: String, _ mode: OpenMode) throws(StorageError) -> any DiskFile
    /// Creates one directory whose parent exists; an existing one is an error.
    func createDirectory(_ path: String) throws(StorageError)
    /// The entries of a directory by name, without `.` and `..`.
    func list(_ path: String) throws(StorageError) -> [DiskEntry]
    /// The names of the directories in a directory, in no order: `list` without a look at each entry.
    func directories(in path: String) throws(StorageError) -> [String]
    /// What is at `path`; nil if nothing is.
    func entry(at path: String) throws(StorageError) -> DiskEntry?
    /// Renames a file or directory, replacing a file at `newPath` in one step.
    func rename(_ path: String, to newPath: String) throws(StorageError)
    /// Removes a file.
    func remove(_ path: String) throws(StorageError)
    /// Removes an empty directory.
    func removeDirectory(_ path: String) throws(StorageError)
    /// Makes the entries of a directory durable: created, renamed and removed ones.
    func syncDirectory(_ path: String) throws(StorageError)
    /// Locks the file at `path`, which is created if it is missing; nil if another process, or another lock
    /// of this one, holds it.
    func lock(_ path: String) throws(StorageError) -> (any DiskLock)?
    /// Throws unless this process may make and remove entries of the directory.
    func requireWritable(_ path: String) throws(StorageError)
    /// Where `path` leads to, whether there is something or not.
    func place(of path: String) throws(StorageError) -> DirectoryPlace
    /// What `path` lies on; nil where it cannot be synced as a whole, or would not tell of losses.
    func volume(of path: String) -> (any DiskVolume)?
    /// How large the file system of `path` is, and how many bytes an ordinary user may still write to it.
    func space(at path: String) throws(StorageError) -> PlaceSpace
}

extension DiskVolume {
    /// `sync`, for layers that know of no volume.
    var syncAll: @Sendable () -> Bool { { [self] in sync() } }
}

extension DiskFile {
    package var place: String { path }
}

extension Disk {
    /// For disks that can sync only single files.
    package func volume(of path: String) -> (any DiskVolume)? { nil }

    /// For disks without permissions.
    package func requireWritable(_ path: String) throws(StorageError) {}

    /// For disks without links: by the text alone.
    package func place(of path: String) throws(StorageError) -> DirectoryPlace {
        DirectoryPlace(path, found: nil)
    }

    /// For disks that know no quicker way.
    package func directories(in path: String) throws(StorageError) -> [String] {
        try list(path).filter(\.isDirectory).map(\.name)
    }

    /// All bytes of a small file; nil if there is none.
    /// - Throws: `.corrupt` if it is longer than `limit`, so that a foreign file cannot fill the memory.
    package func contents(_ path: String, limit: Int = 64 << 20) throws(StorageError) -> [UInt8]? {
        guard let entry = try entry(at: path), !entry.isDirectory else { return nil }
        guard entry.sizeBytes <= Int64(limit) else {
            throw .corrupt(
                path: path, position: Int64(limit), reason: "the file is longer than any of its kind")
        }
        return try open(path, .readOnly).bytes(Int(entry.sizeBytes), at: 0)
    }

    /// Replaces a small file in one step: after a crash there is the old one or the new one, never a part.
    ///
    /// With `isDurable` the new one is there for good when the call returns.
    package func replace(_ path: String, with bytes: [UInt8], isDurable: Bool) throws(StorageError) {
        let draft = path + ".tmp"
        let file = try open(draft, .any)
        try file.truncate(to: 0)
        do throws(StorageError) {
            try file.write(bytes.rawSpan, at: 0)
        } catch {
            // On a full disk every byte counts.
            if error.isLackOfSpace { try? remove(draft) }
            throw error
        }
        // Synced in any case: a rename may reach the disk before the bytes, and an empty checkpoint stops
        // Apache Kafka.
        try file.sync()
        try rename(draft, to: path)
        if isDurable { try syncDirectory(parent(of: path)) }
    }

    /// Gives a file another content without taking space, and then its last name, for good when the call
    /// returns; a crash in between leaves it under the old name with any of the two.
    ///
    /// Both names lie in one directory.
    func recycle(_ path: String, as newPath: String, with bytes: [UInt8]) throws(StorageError) {
        let file = try open(path, .existing)
        try file.write(bytes.rawSpan, at: 0)
        try file.truncate(to: Int64(bytes.count))
        try file.sync()
        try rename(path, to: newPath)
        try syncDirectory(parent(of: newPath))
    }

    /// Removes the file if there is one.
    package func removeIfPresent(_ path: String) throws(StorageError) {
        if try entry(at: path) != nil { try remove(path) }
    }
}

/// The path without its last part.
func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}
