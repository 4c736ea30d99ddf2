// A file system of its own for a test of full disks and the like; mounting one takes root.
import Foundation
import Glibc

/// A file system in memory with few bytes, for one test.
final class SmallFileSystem {
    let scratch = Scratch()
    var path: String { scratch.path + "/disk" }
    private var ballast: String { path + "/ballast" }

    static var isPossible: Bool { (try? SmallFileSystem(megabytes: 1)) != nil }

    init(megabytes: Int) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard mount("none", path, "tmpfs", 0, "size=\(megabytes)m") == 0 else {
            throw WireConnectionError.failed("mount", errno)
        }
    }

    func addBallast(megabytes: Int) throws {
        let zeros = Data(count: 1 << 20)
        _ = FileManager.default.createFile(atPath: ballast, contents: nil)
        let file = try FileHandle(forWritingTo: URL(filePath: ballast))
        for _ in 0..<megabytes { try file.write(contentsOf: zeros) }
        try file.close()
    }

    /// Leaves no byte free.
    func fill() throws {
        let file = open(ballast, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        defer { close(file) }
        let zeros = [UInt8](repeating: 0, count: 1 << 20)
        for size in [1 << 20, 4096, 1] { while write(file, zeros, size) == size {} }
        guard errno == ENOSPC else { throw WireConnectionError.failed("write", errno) }
    }

    /// Lets nobody write to it any more.
    func makeReadOnly() throws {
        let flags = UInt(MS_REMOUNT | MS_RDONLY)
        guard mount("none", path, "tmpfs", flags, nil) == 0 else {
            throw WireConnectionError.failed("mount", errno)
        }
    }

    func removeBallast() throws { try FileManager.default.removeItem(atPath: ballast) }

    // A broker that was just killed may hold it for a moment.
    deinit { umount2(path, Int32(MNT_DETACH)) }
}
