// More files than descriptors: which are closed, and what must not happen to those that are.
import Base
import Foundation
import Testing

@testable import LocalStorage
@testable import Storage

/// A directory of the real file system, which goes when the test ends.
private final class Folder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "apus-files-\(Foundation.UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// Files with one line each.
private func files(_ count: Int, on disk: PosixDisk, in folder: Folder) throws -> [any DiskFile] {
    try (0..<count).map { number in
        let file = try disk.open("\(folder.path)/\(number)", .any)
        try file.write(Array("file \(number)".utf8).rawSpan, at: 0)
        return file
    }
}

@Test("far more files than descriptors are written, synced and read, and nothing is mixed up")
func manyFiles() throws {
    let folder = try Folder()
    let table = OpenFiles(limit: 10)
    let disk = PosixDisk(table)
    let all = try files(300, on: disk, in: folder)
    #expect(table.count <= 10)
    runInParallel(all.count * 4, threads: 4) { step in
        let number = step % all.count
        let text = try? all[number].bytes(20, at: 0).prefix { $0 != 0 }
        #expect(text.map { String(decoding: $0, as: UTF8.self) } == "file \(number)")
        #expect((try? all[number].write(Array("again".utf8).rawSpan, at: 20)) != nil)
        #expect((try? all[number].sync()) != nil)
    }
    // As many more as threads were in the middle of something.
    #expect(table.count <= 13)
    for number in all.indices {
        #expect(try String(decoding: all[number].bytes(5, at: 20), as: UTF8.self) == "again")
    }
}

@Test("a file that waits for its sync is synced before it is closed, and one that is read is closed first")
func unsyncedStayOpen() throws {
    let folder = try Folder()
    let table = OpenFiles(limit: 4, background: { _ in })
    let disk = PosixDisk(table)
    let written = try OpenFile("\(folder.path)/w", O_RDWR | O_CREAT, in: table)
    #expect(try written.use(writing: true) { pwrite($0, "x", 1, 0) } == 1)
    var others: [any DiskFile] = []
    for number in 0..<20 {
        others.append(try disk.open("\(folder.path)/other-\(number)", .any))
        #expect(try others[number / 2].size() == 0)
        #expect(written.isUnsynced)
        #expect(try written.use(mayOpen: false) { $0 } != nil)
    }
    // With nothing but such files there is no other way.
    let all = try files(20, on: disk, in: folder)
    #expect(table.count == 4)
    #expect(!written.isUnsynced)
    withExtendedLifetime(all) {}
    table.drop(written)
}

@Test("a file that cannot wait is not opened for it")
func doesNotWait() throws {
    let folder = try Folder()
    let disk = PosixDisk(OpenFiles(limit: 1))
    let all = try files(2, on: disk, in: folder)
    for file in all { try file.sync() }
    #expect(try all[1].size() == 6)
    #expect(try all[0].block(6, at: 0, mayWait: false) == nil)
    #expect(try all[0].block(6, at: 0, mayWait: true) != nil)
    #expect(try all[0].block(6, at: 0, mayWait: false) != nil)
}

@Test("a file whose path has another one meanwhile is not taken for it")
func replaced() throws {
    let folder = try Folder()
    let disk = PosixDisk(OpenFiles(limit: 1))
    let file = try files(1, on: disk, in: folder)[0]
    try file.sync()
    let path = "\(folder.path)/0"
    try disk.rename(path, to: path + ".deleted")
    let other = try disk.open(path, .any)
    try other.write(Array("other!".utf8).rawSpan, at: 0)
    try other.sync()
    #expect(throws: StorageError.self) { try file.bytes(6, at: 0) }
    #expect(throws: StorageError.self) { try file.write([1].rawSpan, at: 0) }
    #expect(try String(decoding: other.bytes(6, at: 0), as: UTF8.self) == "other!")
}
