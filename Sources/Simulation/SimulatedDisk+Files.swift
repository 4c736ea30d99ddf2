// The disk's operations.
import Base
import LocalStorage
import Storage

extension SimulatedDisk {
    /// Opens or creates a file.
    package func open(_ path: String, _ mode: OpenMode) throws(StorageError) -> any DiskFile {
        try state.withLock { (state) throws(StorageError) in
            let existing = state.entries[path]
            try state.step(.open, path, changes: existing == nil)
            switch (mode, existing) {
            case (.readOnly, nil), (.existing, nil): throw .io(operation: .open, path: path, errno: 2)
            case (.new, .some): throw .io(operation: .open, path: path, errno: 17)
            case (_, .some(let inode)): return SimulatedFile(self, inode, path)
            case (_, nil):
                guard state.directories.contains(SimulatedDisk.parent(of: path)) else {
                    throw .io(operation: .open, path: path, errno: 2)
                }
                if state.crashesNow() { throw .io(operation: .open, path: path, errno: 5) }
                let inode = state.nextInode
                state.nextInode += 1
                state.inodes[inode] = Inode()
                state.change(.link(path, inode), in: SimulatedDisk.parent(of: path))
                return SimulatedFile(self, inode, path)
            }
        }
    }

    /// Creates a directory, which is durable when the one that it lies in is synced.
    package func createDirectory(_ path: String) throws(StorageError) {
        try state.withLock { (state) throws(StorageError) in
            try state.step(.createDirectory, path)
            if state.crashesNow() { throw .io(operation: .createDirectory, path: path, errno: 5) }
            guard state.directories.insert(path).inserted else {
                throw .io(operation: .createDirectory, path: path, errno: 17)
            }
            state.unsyncedDirectories.insert(path)
        }
    }

    /// The entries of a directory.
    package func list(_ path: String) throws(StorageError) -> [DiskEntry] {
        try state.withLock { (state) throws(StorageError) in
            try state.step(.list, path, changes: false)
            guard state.directories.contains(path) else { throw .io(operation: .list, path: path, errno: 2) }
            let files = state.entries.filter { SimulatedDisk.parent(of: $0.key) == path }.map { name, inode in
                DiskEntry(
                    name: SimulatedDisk.name(of: name), isDirectory: false,
                    sizeBytes: Int64(state.inodes[inode]?.cached.count ?? 0))
            }
            let directories = state.directories.filter { $0 != "/" && SimulatedDisk.parent(of: $0) == path }
                .map {
                    DiskEntry(name: SimulatedDisk.name(of: $0), isDirectory: true, sizeBytes: 0)
                }
            return (files + directories).sorted { $0.name < $1.name }
        }
    }

    /// What is at `path`.
    package func entry(at path: String) throws(StorageError) -> DiskEntry? {
        try state.withLock { (state) throws(StorageError) in
            try state.step(.stat, path, changes: false)
            let name = SimulatedDisk.name(of: path)
            if state.directories.contains(path) {
                return DiskEntry(name: name, isDirectory: true, sizeBytes: 0)
            }
            guard let inode = state.entries[path] else { return nil }
            return DiskEntry(
                name: name, isDirectory: false, sizeBytes: Int64(state.inodes[inode]?.cached.count ?? 0))
        }
    }

    /// Renames a file or a directory.
    package func rename(_ path: String, to newPath: String) throws(StorageError) {
        try state.withLock { (state) throws(StorageError) in
            try state.step(.rename, path)
            if state.crashesNow() { throw .io(operation: .rename, path: path, errno: 5) }
            if state.directories.contains(path) {
                let moved = state.directories.filter { $0 == path || $0.hasPrefix(path + "/") }
                for directory in moved {
                    state.directories.remove(directory)
                    state.unsyncedDirectories.remove(directory)
                    state.directories.insert(newPath + directory.dropFirst(path.count))
                }
                // What was pending inside moves along.
                for directory in moved {
                    for change in state.entryChanges.removeValue(forKey: directory) ?? [] {
                        SimulatedDisk.apply(change, to: &state.durableEntries)
                    }
                }
                SimulatedDisk.apply(.rename(path, newPath), to: &state.entries)
                SimulatedDisk.apply(.rename(path, newPath), to: &state.durableEntries)
                return
            }
            guard state.entries[path] != nil else { throw .io(operation: .rename, path: path, errno: 2) }
            state.change(.rename(path, newPath), in: SimulatedDisk.parent(of: newPath))
        }
    }

    /// Removes a file; those who hold it open keep its bytes.
    package func remove(_ path: String) throws(StorageError) {
        try state.withLock { (state) throws(StorageError) in
            try state.step(.remove, path)
            if state.crashesNow() { throw .io(operation: .remove, path: path, errno: 5) }
            guard state.entries[path] != nil else { throw .io(operation: .remove, path: path, errno: 2) }
            state.change(.unlink(path), in: SimulatedDisk.parent(of: path))
        }
    }

    /// Removes an empty directory.
    package func removeDirectory(_ path: String) throws(StorageError) {
        try state.withLock { (state) throws(StorageError) in
            try state.step(.remove, path)
            let isEmpty = !state.entries.keys.contains { SimulatedDisk.parent(of: $0) == path }
            guard isEmpty, state.directories.remove(path) != nil else {
                throw .io(operation: .remove, path: path, errno: 39)
            }
            state.unsyncedDirectories.remove(path)
        }
    }

    /// Makes the entries of a directory durable.
    package func syncDirectory(_ path: String) throws(StorageError) {
        try state.withLock { (state) throws(StorageError) in
            try state.step(.syncDirectory, path)
            if state.crashesNow() { throw .io(operation: .syncDirectory, path: path, errno: 5) }
            state.syncEntries(of: path)
            state.unsyncedDirectories = state.unsyncedDirectories.filter {
                SimulatedDisk.parent(of: $0) != path
            }
        }
    }

    /// All of the disk.
    package func volume(of path: String) -> (any DiskVolume)? { SimulatedVolume(self) }

    /// Locks a file.
    package func lock(_ path: String) throws(StorageError) -> (any DiskLock)? {
        _ = try open(path, .any)
        return try state.withLock { (state) throws(StorageError) in
            try state.step(.lock, path, changes: false)
            return state.locks.insert(path).inserted ? SimulatedLock(self, path) : nil
        }
    }

    /// The capacity, and what is left of it.
    package func space(at path: String) throws(StorageError) -> PlaceSpace {
        state.withLock { state in
            let free = state.capacityBytes - min(state.capacityBytes, state.usedBytes)
            return PlaceSpace(totalBytes: Int64(state.capacityBytes), freeBytes: Int64(free))
        }
    }

    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }

    static func name(of path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }
}

extension SimulatedDisk.State {
    fileprivate mutating func syncInode(_ number: Int) {
        guard var file = inodes.removeValue(forKey: number) else { return }
        for change in file.changes { SimulatedDisk.apply(change, to: &file.durable) }
        file.changes = []
        inodes[number] = file
    }

    fileprivate mutating func syncEntries(of directory: String) {
        for change in entryChanges.removeValue(forKey: directory) ?? [] {
            SimulatedDisk.apply(change, to: &durableEntries)
        }
    }

    mutating func change(_ change: SimulatedDisk.EntryChange, in directory: String) {
        SimulatedDisk.apply(change, to: &entries)
        entryChanges[directory, default: []].append(change)
    }
}

private final class SimulatedVolume: DiskVolume {
    private let disk: SimulatedDisk

    init(_ disk: SimulatedDisk) { self.disk = disk }

    /// Where single files are about to fail it only says that something did: they tell which.
    func sync() -> Bool {
        disk.state.withLock { state in
            let isFailing = state.faults.contains { $0.operation == .sync || $0.operation == .syncDirectory }
            do throws(StorageError) { try state.step(.sync, "") } catch { return false }
            let crashes = state.crashesNow()
            state.volumeSyncs += 1
            for number in state.inodes.keys.sorted() where !(state.inodes[number]?.changes.isEmpty ?? true) {
                // In a power cut, or where some are lost, chance decides who comes before that.
                if crashes || isFailing, state.random.chance(50) { continue }
                state.syncInode(number)
            }
            if crashes || isFailing { return false }
            for directory in state.entryChanges.keys.sorted() { state.syncEntries(of: directory) }
            state.unsyncedDirectories = []
            return true
        }
    }
}

private final class SimulatedLock: DiskLock {
    private let disk: SimulatedDisk
    private let path: String

    init(_ disk: SimulatedDisk, _ path: String) {
        self.disk = disk
        self.path = path
    }

    func release() { disk.state.withLock { _ = $0.locks.remove(path) } }
}

private final class SimulatedFile: DiskFile {
    let path: String
    private let disk: SimulatedDisk
    private let inode: Int
    private let isDirect = Lock(false)

    init(_ disk: SimulatedDisk, _ inode: Int, _ path: String) {
        self.disk = disk
        self.inode = inode
        self.path = path
    }

    func size() throws(StorageError) -> Int64 {
        try disk.state.withLock { (state) throws(StorageError) in
            try state.step(.stat, path, changes: false)
            return Int64(state.inodes[inode]?.cached.count ?? 0)
        }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at position: Int64, mayWait: Bool) -> ByteRangeRead
    {
        disk.state.withLock { state in
            do throws(StorageError) {
                try state.step(.read, path, changes: false)
            } catch { return .failed(errno: 5) }
            if !mayWait, state.mustWait { return .wouldWait }
            let bytes = state.inodes[inode]?.cached ?? []
            guard position < bytes.count else { return .read(0) }
            var count = min(buffer.count, bytes.count - Int(position))
            if state.hasShortReads, count > 1 { count = Int.random(in: 1...count, using: &state.random) }
            bytes.withUnsafeBytes { source in
                buffer.copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: source[Int(position)..<(Int(position) + count)]))
            }
            return .read(count)
        }
    }

    /// As strict as a real disk may be.
    func setDirect(_ isDirect: Bool) { self.isDirect.withLock { $0 = isDirect } }

    func write(_ bytes: RawSpan, at position: Int64) throws(StorageError) {
        let address = bytes.withUnsafeBytes { Int(bitPattern: $0.baseAddress) }
        if isDirect.withLock({ $0 }), (address | bytes.byteCount | Int(position)) % 4096 != 0 {
            throw .io(operation: .write, path: path, errno: 22)
        }
        try write(bytes.withUnsafeBytes { Array($0) }, at: position)
    }

    func write(_ bytes: RawSpan, at position: Int64, zerosBehind zeros: Int) throws(StorageError) {
        try write(bytes.withUnsafeBytes { Array($0) } + Array(repeating: 0, count: zeros), at: position)
    }

    private func write(_ written: [UInt8], at position: Int64) throws(StorageError) {
        try disk.state.withLock { (state) throws(StorageError) in
            do throws(StorageError) {
                try state.step(.write, path)
            } catch {
                // A failed write may have written something.
                let part = Array(written.prefix(Int.random(in: 0...written.count, using: &state.random)))
                if !state.isDead { state.change(inode, .write(Int(position), part)) }
                throw error
            }
            if state.crashesNow() {
                state.change(inode, .write(Int(position), written))
                throw .io(operation: .write, path: path, errno: 5)
            }
            let grown = max(0, Int(position) + written.count - (state.inodes[inode]?.cached.count ?? 0))
            let room = state.capacityBytes == .max ? grown : max(0, state.capacityBytes - state.usedBytes)
            if grown > room {
                let part = Array(written.prefix(max(0, written.count - (grown - room))))
                state.change(inode, .write(Int(position), part))
                throw .outOfSpace(operation: .write, path: path)
            }
            state.change(inode, .write(Int(position), written))
        }
    }

    func sync() throws(StorageError) {
        try disk.state.withLock { (state) throws(StorageError) in
            do throws(StorageError) {
                try state.step(.sync, path)
            } catch {
                // What could not be written counts as clean from then on: a later sync has nothing to do.
                if !state.isDead { state.inodes[inode]?.changes = [] }
                throw error
            }
            if state.crashesNow() { throw .io(operation: .sync, path: path, errno: 5) }
            state.syncs += 1
            state.syncInode(inode)
        }
    }

    func reserve(_ length: Int64, at position: Int64) {}

    func truncate(to length: Int64) throws(StorageError) {
        try disk.state.withLock { (state) throws(StorageError) in
            try state.step(.truncate, path)
            if state.crashesNow() { throw .io(operation: .truncate, path: path, errno: 5) }
            state.change(inode, .truncate(Int(length)))
        }
    }

    func dropCache() {
        disk.state.withLock { state in
            guard var file = state.inodes.removeValue(forKey: inode) else { return }
            file.cached = file.durable
            for change in file.changes { SimulatedDisk.apply(change, to: &file.cached) }
            state.inodes[inode] = file
        }
    }

    func startWriteBack() {}
}

extension SimulatedDisk.State {
    fileprivate mutating func change(_ inode: Int, _ change: SimulatedDisk.Change) {
        // Taken out while it changes, so that its bytes are not copied.
        guard var file = inodes.removeValue(forKey: inode) else { return }
        SimulatedDisk.apply(change, to: &file.cached)
        file.changes.append(change)
        inodes[inode] = file
    }
}
