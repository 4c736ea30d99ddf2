// The real disk: every system call on files is made here. Calls that a signal interrupted are repeated;
// failures carry errno, operation and path.
internal import Base
internal import CSystem
import Glibc
package import Storage

/// The file system of this machine.
package final class PosixDisk: Disk {
    private let files: OpenFiles

    /// The disk, whose files take descriptors as `files` has them.
    package init(_ files: OpenFiles = OpenFiles(limit: .max)) { self.files = files }

    /// open(2), always with O_CLOEXEC; new files get mode 0644.
    ///
    /// Reading leaves no trace where the file is ours (O_NOATIME): a time of access that is noted behind each
    /// write costs as much as a small read.
    package func open(_ path: String, _ mode: OpenMode) throws(StorageError) -> any DiskFile {
        let flags: Int32 =
            switch mode {
            case .readOnly: O_RDONLY
            case .existing: O_RDWR
            case .new: O_RDWR | O_CREAT | O_EXCL
            case .any: O_RDWR | O_CREAT
            }
        return PosixFile(try OpenFile(path, flags, in: files), in: files)
    }

    /// mkdir(2) with mode 0755.
    package func createDirectory(_ path: String) throws(StorageError) {
        try check(.createDirectory, path) { unsafe mkdir(path, 0o755) }
    }

    /// opendir(3) and readdir(3), with one stat(2) an entry.
    package func list(_ path: String) throws(StorageError) -> [DiskEntry] {
        var entries: [DiskEntry] = []
        try walk(path) { (name, _) throws(StorageError) in
            if let entry = try entry(at: path + "/" + name) { entries.append(entry) }
        }
        return entries.sorted { $0.name < $1.name }
    }

    /// opendir(3) and readdir(3), and stat(2) only for links and where the file system does not tell.
    package func directories(in path: String) throws(StorageError) -> [String] {
        var names: [String] = []
        try walk(path) { (name, type) throws(StorageError) in
            switch Int(type) {
            case Int(DT_DIR): names.append(name)
            case Int(DT_LNK), Int(DT_UNKNOWN):
                if try entry(at: path + "/" + name)?.isDirectory == true { names.append(name) }
            default: break
            }
        }
        return names
    }

    private func walk(
        _ path: String, _ visit: (_ name: String, _ type: UInt8) throws(StorageError) -> Void
    ) throws(StorageError) {
        guard let directory = unsafe opendir(path) else { throw .failed(.list, path, errno: errno) }
        defer { unsafe closedir(directory) }
        while true {
            errno = 0
            guard let found = unsafe readdir(directory) else {
                guard errno == 0 else { throw .failed(.list, path, errno: errno) }
                return
            }
            let name = unsafe withUnsafePointer(to: &found.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != ".", name != ".." { try visit(name, unsafe found.pointee.d_type) }
        }
    }

    /// faccessat(2), for the user that the process acts as.
    package func requireWritable(_ path: String) throws(StorageError) {
        let flags = Int32(AT_EACCESS)
        guard unsafe faccessat(AT_FDCWD, path, W_OK | X_OK, flags) != 0 else { return }
        throw .notWritable(path: path, errno: errno)
    }

    /// stat(2) for each directory on the way.
    package func place(of path: String) throws(StorageError) -> DirectoryPlace {
        DirectoryPlace(path) { path in
            var status = stat()
            guard unsafe stat(path, &status) == 0 else { return nil }
            return .init(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
        }
    }

    /// stat(2).
    package func entry(at path: String) throws(StorageError) -> DiskEntry? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw .failed(.stat, path, errno: errno)
        }
        let name = path.split(separator: "/").last.map(String.init) ?? path
        let modified = Int64(status.st_mtim.tv_sec) * 1000 + Int64(status.st_mtim.tv_nsec) / 1_000_000
        return DiskEntry(
            name: name, isDirectory: status.st_mode & S_IFMT == S_IFDIR, sizeBytes: Int64(status.st_size),
            modified: Timestamp(milliseconds: modified))
    }

    /// rename(2).
    package func rename(_ path: String, to newPath: String) throws(StorageError) {
        try check(.rename, path) { unsafe Glibc.rename(path, newPath) }
    }

    /// unlink(2).
    package func remove(_ path: String) throws(StorageError) {
        try check(.remove, path) { unsafe unlink(path) }
    }

    /// rmdir(2).
    package func removeDirectory(_ path: String) throws(StorageError) {
        try check(.remove, path) { unsafe rmdir(path) }
    }

    /// fsync(2) on the directory.
    package func syncDirectory(_ path: String) throws(StorageError) {
        let descriptor = try check(.syncDirectory, path) {
            unsafe Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        }
        defer { close(descriptor) }
        try check(.syncDirectory, path) { fsync(descriptor) }
    }

    /// open(2) on the directory; for file systems of which syncfs(2) tells whether anything was lost.
    package func volume(of path: String) -> (any DiskVolume)? { PosixVolume(path) }

    /// Both kinds of advisory lock: flock(2) among ourselves, and the open-file-description lock, which also
    /// keeps a Java process out.
    package func lock(_ path: String) throws(StorageError) -> (any DiskLock)? {
        let descriptor = try check(.lock, path) {
            unsafe Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        }
        let lock = PosixLock(descriptor)
        var range = Glibc.flock()
        range.l_type = Int16(F_WRLCK)
        range.l_whence = Int16(SEEK_SET)
        // F_OFD_SETLK; the header hides it behind a feature macro.
        let setLock: Int32 = 37
        let isLocked =
            unsafe flock(descriptor, LOCK_EX | LOCK_NB) == 0 && fcntl(descriptor, setLock, &range) == 0
        if isLocked { return lock }
        guard errno == EWOULDBLOCK || errno == EACCES else { throw .failed(.lock, path, errno: errno) }
        return nil
    }

    /// statvfs(3).
    package func space(at path: String) throws(StorageError) -> PlaceSpace {
        var status = statvfs()
        try check(.freeSpace, path) { unsafe statvfs(path, &status) }
        let bytes = { (blocks: UInt) in
            // Of file systems that are too large for the product as well.
            let (product, isTooLarge) = UInt64(blocks).multipliedReportingOverflow(
                by: UInt64(status.f_frsize))
            return isTooLarge ? .max : Int64(clamping: product)
        }
        return PlaceSpace(totalBytes: bytes(status.f_blocks), freeBytes: bytes(status.f_bavail))
    }
}

/// Repeats `call` while signals interrupt it, and turns -1 into an error.
@discardableResult
private func check(_ operation: DiskOperation, _ path: String, _ call: () -> Int32) throws(StorageError)
    -> Int32
{
    while true {
        let result = call()
        if result != -1 { return result }
        guard errno == EINTR else { throw .failed(operation, path, errno: errno) }
    }
}

private final class PosixLock: DiskLock {
    private let descriptor: Lock<Int32>

    init(_ descriptor: Int32) { self.descriptor = Lock(descriptor) }
    deinit { release() }

    func release() {
        descriptor.withLock { descriptor in
            if descriptor >= 0 { close(descriptor) }
            descriptor = -1
        }
    }
}

private final class PosixFile: DiskFile {
    var path: String { file.path }
    private let file: OpenFile
    private let files: OpenFiles

    init(_ file: OpenFile, in files: OpenFiles) {
        self.file = file
        self.files = files
    }

    deinit { files.drop(file) }

    /// Makes a call that changes nothing, or with `writing` one that does.
    @discardableResult
    private func call(
        _ operation: DiskOperation, writing: Bool = false, _ body: (Int32) -> Int32
    ) throws(StorageError) -> Int32 {
        try file.use(writing: writing) { (descriptor) throws(StorageError) in
            try check(operation, path) { body(descriptor) }
        } ?? -1
    }

    func size() throws(StorageError) -> Int64 {
        var status = stat()
        try call(.stat) { unsafe fstat($0, &status) }
        return Int64(status.st_size)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at position: Int64, mayWait: Bool) -> ByteRangeRead
    {
        guard unsafe !buffer.isEmpty, let start = buffer.baseAddress else { return .read(0) }
        do throws(StorageError) {
            // Opening a file that was closed meanwhile may wait too.
            let answer = try file.use(mayOpen: mayWait) { descriptor in
                unsafe read(descriptor, start, buffer.count, at: position, mayWait: mayWait)
            }
            return answer ?? .wouldWait
        } catch {
            guard case .io(_, _, let errno) = error else { return .failed(errno: EIO) }
            return .failed(errno: errno)
        }
    }

    private func read(
        _ descriptor: Int32, _ start: UnsafeMutableRawPointer, _ length: Int, at position: Int64,
        mayWait: Bool
    ) -> ByteRangeRead {
        while true {
            let count =
                mayWait
                ? unsafe pread(descriptor, start, length, off_t(position))
                : unsafe apus_pread_cached(descriptor, start, length, position)
            if count >= 0 { return .read(count) }
            switch errno {
            case EINTR: continue
            // EOPNOTSUPP: a file system that cannot tell; then every read may wait.
            case EAGAIN where !mayWait, EOPNOTSUPP where !mayWait: return .wouldWait
            case let failure: return .failed(errno: failure)
            }
        }
    }

    func write(_ bytes: RawSpan, at position: Int64) throws(StorageError) {
        var written = 0
        while written < bytes.byteCount {
            let rest = bytes.extracting(written...)
            let place = off_t(position) + off_t(written)
            written +=
                try file.use(writing: true) { (descriptor) throws(StorageError) -> Int in
                    let count = unsafe rest.withUnsafeBytes { buffer in
                        unsafe pwrite(descriptor, buffer.baseAddress, buffer.count, place)
                    }
                    if count < 0, errno == EINTR { return 0 }
                    guard count > 0 else { throw .failed(.write, path, errno: count == 0 ? ENOSPC : errno) }
                    return count
                } ?? 0
        }
    }

    func write(_ bytes: RawSpan, at position: Int64, zerosBehind zeros: Int) throws(StorageError) {
        let count = try file.use(writing: true) { descriptor in
            unsafe bytes.withUnsafeBytes { buffer in
                unsafe apus_write_padded(descriptor, buffer.baseAddress, buffer.count, zeros, position)
            }
        }
        // Whatever went wrong happens again without the zeros, and is reported there, or was about them.
        if count ?? 0 < bytes.byteCount { try write(bytes, at: position) }
    }

    func setDirect(_ isDirect: Bool) { file.setDirect(isDirect) }

    func sync() throws(StorageError) { try file.sync() }

    func reserve(_ length: Int64, at position: Int64) {
        _ = try? file.use(writing: true) { apus_reserve($0, position, length) }
    }

    func truncate(to length: Int64) throws(StorageError) {
        try call(.truncate, writing: true) { ftruncate($0, off_t(length)) }
    }

    func dropCache() { _ = try? file.use { posix_fadvise($0, 0, 0, POSIX_FADV_DONTNEED) } }

    func startWriteBack() { file.startWriteBack() }
}

/// A file system, by a descriptor that has seen all of its losses since it was opened.
private final class PosixVolume: DiskVolume {
    private let descriptor: Int32

    init?(_ path: String) {
        descriptor = unsafe apus_volume_open(path)
        if descriptor < 0 { return nil }
    }

    deinit { if descriptor >= 0 { _ = Glibc.close(descriptor) } }

    func sync() -> Bool {
        while apus_volume_sync(descriptor) != 0 { if errno != EINTR { return false } }
        return true
    }
}
