// The real disk: every system call on files is made here. Calls that a signal interrupted are repeated;
// failures carry errno, operation and path.
internal import Base
internal import CSystem
import Glibc

/// The file system of this machine.
package final class PosixDisk: Disk {
    /// The disk; it has no state.
    package init() {}

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
        let descriptor = try check(.open, path) { unsafe apus_open(path, flags, 0o644) }
        return PosixFile(descriptor, path)
    }

    /// mkdir(2) with mode 0755.
    package func createDirectory(_ path: String) throws(StorageError) {
        try check(.createDirectory, path) { unsafe mkdir(path, 0o755) }
    }

    /// opendir(3) and readdir(3), with one stat(2) an entry.
    package func list(_ path: String) throws(StorageError) -> [DiskEntry] {
        guard let directory = unsafe opendir(path) else { throw .failed(.list, path, errno: errno) }
        defer { unsafe closedir(directory) }
        var entries: [DiskEntry] = []
        while true {
            errno = 0
            guard let found = unsafe readdir(directory) else {
                guard errno == 0 else { throw .failed(.list, path, errno: errno) }
                return entries.sorted { $0.name < $1.name }
            }
            let name = unsafe withUnsafePointer(to: &found.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            guard name != ".", name != ".." else { continue }
            if let entry = try entry(at: path + "/" + name) { entries.append(entry) }
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
    package func freeBytes(at path: String) throws(StorageError) -> Int64 {
        var status = statvfs()
        try check(.freeSpace, path) { unsafe statvfs(path, &status) }
        return Int64(
            clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
                .partialValue)
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
    let path: String
    private let descriptor: Int32

    init(_ descriptor: Int32, _ path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close(descriptor) }

    func size() throws(StorageError) -> Int64 {
        var status = stat()
        try check(.stat, path) { unsafe fstat(descriptor, &status) }
        return Int64(status.st_size)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at position: Int64, mayWait: Bool) -> ByteRangeRead
    {
        guard unsafe !buffer.isEmpty, let start = buffer.baseAddress else { return .read(0) }
        while true {
            let count =
                mayWait
                ? unsafe pread(descriptor, start, buffer.count, off_t(position))
                : unsafe apus_pread_cached(descriptor, start, buffer.count, position)
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
            let count = unsafe rest.withUnsafeBytes { buffer in
                unsafe pwrite(descriptor, buffer.baseAddress, buffer.count, off_t(position) + off_t(written))
            }
            if count > 0 {
                written += count
            } else if count == 0 || errno != EINTR {
                throw .failed(.write, path, errno: count == 0 ? ENOSPC : errno)
            }
        }
    }

    func write(_ bytes: RawSpan, at position: Int64, zerosBehind zeros: Int) throws(StorageError) {
        let count = unsafe bytes.withUnsafeBytes { buffer in
            unsafe apus_write_padded(descriptor, buffer.baseAddress, buffer.count, zeros, position)
        }
        // Whatever went wrong happens again without the zeros, and is reported there, or was about them.
        if count < bytes.byteCount { try write(bytes, at: position) }
    }

    func setDirect(_ isDirect: Bool) { _ = apus_set_direct(descriptor, isDirect ? 1 : 0) }

    func sync() throws(StorageError) {
        try check(.sync, path) { fdatasync(descriptor) }
    }

    func reserve(_ length: Int64, at position: Int64) { _ = apus_reserve(descriptor, position, length) }

    func truncate(to length: Int64) throws(StorageError) {
        try check(.truncate, path) { ftruncate(descriptor, off_t(length)) }
    }

    func dropCache() { _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED) }

    func startWriteBack() { _ = apus_start_writeback(descriptor) }
}
