// A disk in memory that behaves as badly as a real one may: at a crash it loses or tears what was not synced,
// bytes as well as directory entries; and it fails, fills up or reads short on demand. What it does is
// decided by a seed, so that every failure can be replayed.
import Base
import LocalStorage
import Storage

/// A file system in memory.
package final class SimulatedDisk: Disk {
    /// A change to a file that is not synced.
    enum Change: Sendable {
        case write(Int, [UInt8])
        case truncate(Int)
    }

    /// What stands on one disk about one file.
    struct Inode: Sendable {
        /// As programs see it.
        var cached: [UInt8] = []
        /// As it was at the last sync.
        var durable: [UInt8] = []
        /// What lies between the two, in order.
        var changes: [Change] = []
    }

    /// A change to a directory that is not synced.
    ///
    /// Renaming is one step.
    enum EntryChange: Sendable {
        case link(String, Int)
        case unlink(String)
        case rename(String, String)
    }

    struct State: Sendable {
        var inodes: [Int: Inode] = [:]
        var nextInode = 1
        var directories: Set<String> = ["/"]
        /// Directories whose names are not synced: with those, all that is in them may be lost.
        var unsyncedDirectories: Set<String> = []
        var entries: [String: Int] = [:]
        var durableEntries: [String: Int] = [:]
        var entryChanges: [String: [EntryChange]] = [:]
        var locks: Set<String> = []
        var random: SeededRandom
        var capacityBytes = Int.max
        var operationsUntilCrash = Int.max
        var operations = 0
        var syncs = 0
        var volumeSyncs = 0
        var isDead = false
        var faults: [Fault] = []
        var mustWait = false
        var hasShortReads = false
    }

    /// An error to come.
    struct Fault: Sendable {
        var operation: DiskOperation
        var suffix: String
        var errno: Int32
        var skip: Int
        var isLasting: Bool
    }

    let state: Lock<State>

    /// An empty disk whose accidents follow `seed`.
    package init(seed: UInt64) { state = Lock(State(random: SeededRandom(seed: seed))) }

    private init(_ state: State) { self.state = Lock(state) }

    /// How many bytes all files together may have; writes beyond are cut short with ENOSPC.
    package func setCapacity(_ bytes: Int) { state.withLock { $0.capacityBytes = bytes } }

    /// Bytes in all files.
    package var usedBytes: Int { state.withLock { $0.usedBytes } }

    /// Makes reads without `mayWait` answer that they would wait.
    package func setCold(_ isCold: Bool) { state.withLock { $0.mustWait = isCold } }

    /// Makes reads give less than was asked for, as reads may.
    package func setShortReads(_ isOn: Bool) { state.withLock { $0.hasShortReads = isOn } }

    /// Lets operations on paths that end in `suffix` fail with `errno`, after `skip` of them went well; once,
    /// or from then on.
    package func fail(
        _ operation: DiskOperation, suffix: String = "", errno: Int32, skip: Int = 0, isLasting: Bool = false
    ) {
        state.withLock {
            $0.faults.append(
                Fault(operation: operation, suffix: suffix, errno: errno, skip: skip, isLasting: isLasting))
        }
    }

    /// Changes bits of a byte of a file, as a medium does that fails: no operation notices.
    package func damage(_ path: String, at position: Int, mask: UInt8) {
        state.withLock { state in
            guard let number = state.entries[path], var file = state.inodes.removeValue(forKey: number) else {
                return
            }
            if position < file.cached.count { file.cached[position] ^= mask }
            if position < file.durable.count { file.durable[position] ^= mask }
            state.inodes[number] = file
        }
    }

    /// Cuts the power in the middle of the operation that changes the disk after `operations` more;
    /// everything fails from then on.
    package func crash(after operations: Int) {
        state.withLock { $0.operationsUntilCrash = $0.operations + operations }
    }

    /// Whether the power is about to go.
    package var willCrash: Bool { state.withLock { $0.operationsUntilCrash < .max && !$0.isDead } }

    /// Operations that changed the disk so far.
    package var operations: Int { state.withLock { $0.operations } }

    /// Files that were synced so far, one by one.
    package var syncs: Int { state.withLock { $0.syncs } }

    /// How often everything was synced at once.
    package var volumeSyncs: Int { state.withLock { $0.volumeSyncs } }

    /// Whether the power is off.
    package var isDead: Bool { state.withLock { $0.isDead } }

    /// What the disk holds after a power cut now: everything synced, and of the rest what chance kept.
    ///
    /// Files that are open on this disk are of no use on the new one.
    package func afterPowerCut() -> SimulatedDisk { SimulatedDisk(state.withLock { $0.afterPowerCut() }) }

    /// What the disk holds after the process alone was killed: everything that was written.
    package func afterKill() -> SimulatedDisk {
        SimulatedDisk(
            state.withLock { state in
                var next = state
                next.locks = []
                next.isDead = false
                next.operationsUntilCrash = .max
                next.faults = []
                return next
            })
    }
}

extension SimulatedDisk.State {
    var usedBytes: Int { entries.values.reduce(0) { $0 + (inodes[$1]?.cached.count ?? 0) } }

    /// Counts an operation and throws what is due to it.
    mutating func step(_ operation: DiskOperation, _ path: String, changes: Bool = true) throws(StorageError)
    {
        if isDead { throw .io(operation: operation, path: path, errno: 5) }
        for index in faults.indices
        where faults[index].operation == operation && path.hasSuffix(faults[index].suffix) {
            if faults[index].skip > 0 {
                faults[index].skip -= 1
                continue
            }
            let errno = faults[index].errno
            if !faults[index].isLasting { faults.remove(at: index) }
            throw .failed(operation, path, errno: errno)
        }
        guard changes else { return }
        operations += 1
    }

    /// Whether the power goes off during the present operation, which then happens in part or not at all.
    mutating func crashesNow() -> Bool {
        guard operations >= operationsUntilCrash else { return false }
        isDead = true
        return true
    }

    func afterPowerCut() -> Self {
        var next = SimulatedDisk.State(random: random)
        next.nextInode = nextInode
        next.directories = directories
        next.durableEntries = durableEntries
        for directory in entryChanges.keys.sorted() {
            let changes = entryChanges[directory] ?? []
            // A journalling file system keeps a beginning of the changes to a directory.
            for change in changes.prefix(Int.random(in: 0...changes.count, using: &next.random)) {
                SimulatedDisk.apply(change, to: &next.durableEntries)
            }
        }
        for directory in unsyncedDirectories.sorted() where next.random.chance(50) {
            let isInside = { (path: String) in path == directory || path.hasPrefix(directory + "/") }
            next.directories = next.directories.filter { !isInside($0) }
            next.durableEntries = next.durableEntries.filter { !isInside($0.key) }
        }
        next.entries = next.durableEntries
        for number in inodes.keys.sorted() {
            guard let inode = inodes[number] else { continue }
            let bytes = SimulatedDisk.survived(inode, &next.random)
            next.inodes[number] = SimulatedDisk.Inode(cached: bytes, durable: bytes)
        }
        return next
    }
}

extension SimulatedDisk {
    static func apply(_ change: EntryChange, to entries: inout [String: Int]) {
        switch change {
        case .link(let path, let inode): entries[path] = inode
        case .unlink(let path): entries[path] = nil
        case .rename(let old, let new):
            if let inode = entries.removeValue(forKey: old) { entries[new] = inode }
            let prefix = old + "/"
            for path in entries.keys where path.hasPrefix(prefix) {
                entries[new + "/" + path.dropFirst(prefix.count)] = entries.removeValue(forKey: path)
            }
        }
    }

    /// The bytes of a file after a power cut: some unsynced writes, each whole, torn at a sector, or lost.
    static func survived(_ inode: Inode, _ random: inout SeededRandom) -> [UInt8] {
        var bytes = inode.durable
        // Often everything or nothing, as those are the common cases.
        let mood = Int.random(in: 0..<4, using: &random)
        for change in inode.changes {
            if mood == 0 || mood > 1 && random.chance(50) { continue }
            switch change {
            case .truncate(let length): apply(.truncate(length), to: &bytes)
            case .write(let position, let written):
                let isTorn = mood > 1 && random.chance(50)
                var kept = isTorn ? Int.random(in: 0...written.count, using: &random) : written.count
                if kept < written.count, random.chance(50) { kept -= kept % 512 }
                apply(.write(position, Array(written.prefix(kept))), to: &bytes)
                // The length may have reached the disk although the bytes did not.
                if isTorn, random.chance(50), bytes.count < position + written.count {
                    bytes += [UInt8](repeating: 0, count: position + written.count - bytes.count)
                }
            }
        }
        return bytes
    }

    static func apply(_ change: Change, to bytes: inout [UInt8]) {
        switch change {
        case .truncate(let length):
            if length < bytes.count {
                bytes.removeLast(bytes.count - length)
            } else {
                bytes += [UInt8](repeating: 0, count: length - bytes.count)
            }
        case .write(let position, let written):
            if written.isEmpty { return }
            if bytes.count < position + written.count {
                bytes += [UInt8](repeating: 0, count: position + written.count - bytes.count)
            }
            bytes.replaceSubrange(position..<(position + written.count), with: written)
        }
    }
}
