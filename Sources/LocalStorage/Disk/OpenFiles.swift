// The descriptors of files. There may be more files in use than the process may have open, so those that
// nobody used lately are closed and opened again when they are needed. What was written to a file and is not
// synced keeps it open: closing it may drop the error of a write that the kernel has yet to do.
internal import Base
internal import CSystem
import Glibc
internal import Storage
internal import Synchronization

/// Keeps the number of open files within a limit.
package final class OpenFiles: Sendable {
    private struct State: Sendable {
        var open: [OpenFile] = []
        /// Descriptors that are being opened.
        var opening = 0
        /// Where the search for a file to close goes on.
        var hand = 0
    }

    /// So many files that wait for a sync are synced at once where one would do: together they cost little
    /// more.
    private static let syncedTogether = 64

    /// How many descriptors files take, unless all of them are in use at this moment.
    package let limit: Int
    private let background: @Sendable (@escaping @Sendable () -> Void) -> Void
    private let state = Lock(State())
    /// Files that were written to and not synced since.
    private let unsynced = Atomic(0)
    private let isRelieving = Atomic(false)

    /// Room for `limit` files; where many wait for a sync, `background` is given some to do.
    package init(
        limit: Int, background: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void = { $0() }
    ) {
        self.limit = max(1, limit)
        self.background = background
    }

    /// How many files are open.
    package var count: Int { state.withLock { $0.open.count } }

    /// Opens `file`, for which there is room afterwards; another thread may have done so meanwhile.
    func open(_ file: OpenFile, _ flags: Int32) throws(StorageError) {
        makeRoom()
        let opened: Result<Int32, StorageError> = file.openDescriptor(flags)
        let surplus = state.withLock { state -> Int32? in
            state.opening -= 1
            guard case .success(let descriptor) = opened else { return nil }
            guard file.adopt(descriptor, at: state.open.count) else { return descriptor }
            state.open.append(file)
            return nil
        }
        if let surplus { _ = Glibc.close(surplus) }
        _ = try opened.get()
    }

    /// Closes `file` for good.
    func drop(_ file: OpenFile) {
        let descriptor = state.withLock { state -> Int32? in
            guard let (descriptor, place) = file.close(.whatever) else { return nil }
            if file.isUnsynced { synced() }
            OpenFiles.remove(place, from: &state)
            return descriptor
        }
        if let descriptor { _ = Glibc.close(descriptor) }
    }

    private func makeRoom() {
        while true {
            let (isThere, closed) = state.withLock { state in
                let closed = state.open.count + state.opening < limit ? nil : OpenFiles.closeOne(&state)
                let isThere = state.open.count + state.opening < limit
                if isThere { state.opening += 1 }
                return (isThere, closed)
            }
            if let closed { _ = Glibc.close(closed) }
            if isThere { return }
            if closed == nil, relieve() == 0 { break }
        }
        // All of them are in use, or cannot be synced: the limit gives way.
        state.withLock { $0.opening += 1 }
    }

    /// Closes the next file that was not used since the hand passed it last; its descriptor.
    private static func closeOne(_ state: inout State) -> Int32? {
        // Twice round, as the first time may only take note of who was used.
        for _ in 0..<(2 * state.open.count) {
            if state.hand >= state.open.count { state.hand = 0 }
            if let (descriptor, place) = state.open[state.hand].close(.ifIdle) {
                remove(place, from: &state)
                return descriptor
            }
            state.hand += 1
        }
        return nil
    }

    private static func remove(_ place: Int, from state: inout State) {
        let last = state.open.removeLast()
        guard place < state.open.count else { return }
        state.open[place] = last
        last.move(to: place)
    }

    /// Syncs some of the files that are not, beginning where the next one to be closed is looked for; how
    /// many.
    private func relieve() -> Int {
        let unsynced = state.withLock { state -> [OpenFile] in
            let from = min(state.hand, state.open.count)
            let order = state.open[from...] + state.open[..<from]
            return Array(order.lazy.filter(\.mayBeSynced).prefix(OpenFiles.syncedTogether))
        }
        for file in unsynced { file.startWriteBack() }
        // What fails is kept in mind, and told to whoever syncs the file next.
        return unsynced.count { (try? $0.sync()) != nil }
    }

    /// A file has something to be synced.
    ///
    /// Where that holds for most of them, the background relieves before it has to be done in somebody's way.
    fileprivate func wrote() {
        let count = unsynced.add(1, ordering: .relaxed).newValue
        guard count > limit / 2, !isRelieving.exchange(true, ordering: .acquiring) else { return }
        background { [self] in
            while unsynced.load(ordering: .relaxed) > limit / 4, relieve() > 0 {}
            isRelieving.store(false, ordering: .releasing)
        }
    }

    /// A file has nothing to be synced any more, or is gone.
    fileprivate func synced() { unsynced.subtract(1, ordering: .relaxed) }
}

/// A file that is open now and then.
final class OpenFile: Sendable {
    private struct State: Sendable {
        var descriptor: Int32 = -1
        /// Its place among the open files.
        var place = 0
        /// Calls that use the descriptor just now.
        var users = 0
        /// Whether it was used since the hand passed.
        var wasUsed = true
        /// Writes since the last sync.
        var writes = 0
        /// Why a sync failed: another one would succeed and mean nothing.
        var failure: Int32?
        /// Whether writes go past the system's cache, also when it is opened again.
        var isDirect = false
        /// Which file it is; another one may have its path by now.
        var identity: FileIdentity?
    }

    enum Closing {
        /// Unless it is in use, was used lately, or holds what is not synced.
        case ifIdle
        case whatever
    }

    let path: String
    private let files: OpenFiles
    /// For opening it again.
    private let flags: Int32
    private let state = Lock(State())

    /// The file at `path`, opened with `flags`.
    init(_ path: String, _ flags: Int32, in files: OpenFiles) throws(StorageError) {
        self.path = path
        self.files = files
        self.flags = flags & ~(O_CREAT | O_EXCL)
        try files.open(self, flags)
    }

    /// Runs `body` with a descriptor, which is opened if need be; nil if that is not allowed.
    func use<Value>(
        writing: Bool = false, mayOpen: Bool = true, _ body: (Int32) throws(StorageError) -> Value
    ) throws(StorageError) -> Value? {
        while true {
            let (descriptor, isNews) = state.withLock { state -> (Int32?, Bool) in
                guard state.descriptor >= 0 else { return (nil, false) }
                state.users += 1
                state.wasUsed = true
                if writing { state.writes += 1 }
                return (state.descriptor, writing && state.writes == 1)
            }
            if let descriptor {
                if isNews { files.wrote() }
                defer { state.withLock { $0.users -= 1 } }
                return try body(descriptor)
            }
            guard mayOpen else { return nil }
            try files.open(self, flags)
        }
    }

    /// fdatasync(2); a failure is final.
    func sync() throws(StorageError) {
        let (failure, writes) = state.withLock { ($0.failure, $0.writes) }
        if let failure { throw .failed(.sync, path, errno: failure) }
        let result = try use { (descriptor) -> Int32 in
            while fdatasync(descriptor) != 0 { if errno != EINTR { return errno } }
            return 0
        }
        guard let result, result == 0 else {
            state.withLock { $0.failure = result }
            throw .failed(.sync, path, errno: result ?? EIO)
        }
        let isClean = state.withLock { state in
            guard state.writes == writes, writes > 0 else { return false }
            state.writes = 0
            return true
        }
        if isClean { files.synced() }
    }

    /// Sets O_DIRECT, or takes it off; file systems without it do as before.
    func setDirect(_ isDirect: Bool) {
        state.withLock { $0.isDirect = isDirect }
        _ = try? use { apus_set_direct($0, isDirect ? 1 : 0) }
    }

    /// Lets the system begin to write.
    func startWriteBack() { _ = try? use { apus_start_writeback($0) } }

    /// Whether something was written since the last sync.
    var isUnsynced: Bool { state.withLock { $0.writes > 0 } }

    /// Whether there is something to sync, and nobody at work on it.
    var mayBeSynced: Bool { state.withLock { $0.writes > 0 && $0.users == 0 && $0.failure == nil } }
}

// MARK: - For the one who counts

extension OpenFile {
    /// Opens a descriptor, and makes sure that it is the same file as before.
    fileprivate func openDescriptor(_ flags: Int32) -> Result<Int32, StorageError> {
        while true {
            let descriptor = unsafe apus_open(path, flags, 0o644)
            if descriptor < 0, errno == EINTR { continue }
            guard descriptor >= 0 else { return .failure(.failed(.open, path, errno: errno)) }
            let found = FileIdentity(of: descriptor)
            let (isSame, isDirect) = state.withLock { state in
                state.identity = state.identity ?? found
                return (state.identity == found, state.isDirect)
            }
            if isSame {
                if isDirect { _ = apus_set_direct(descriptor, 1) }
                return .success(descriptor)
            }
            _ = Glibc.close(descriptor)
            return .failure(.failed(.open, path, errno: ESTALE))
        }
    }

    /// Takes a descriptor over; false if there is one already.
    fileprivate func adopt(_ descriptor: Int32, at place: Int) -> Bool {
        state.withLock { state in
            guard state.descriptor < 0 else { return false }
            state.descriptor = descriptor
            state.place = place
            return true
        }
    }

    fileprivate func move(to place: Int) { state.withLock { $0.place = place } }

    /// Gives the descriptor up to be closed, if that may be; and the file's place.
    fileprivate func close(_ closing: Closing) -> (descriptor: Int32, place: Int)? {
        state.withLock { state in
            guard state.descriptor >= 0 else { return nil }
            if closing == .ifIdle {
                guard state.users == 0, state.writes == 0 else { return nil }
                guard !state.wasUsed else {
                    state.wasUsed = false
                    return nil
                }
            }
            defer { state.descriptor = -1 }
            return (state.descriptor, state.place)
        }
    }
}

/// Tells one file from another that has its path later, and perhaps its number.
private struct FileIdentity: Equatable, Sendable {
    var device: UInt64
    var number: UInt64
    /// When it was made; 0 where the file system does not know.
    var birth: Int64

    init?(of descriptor: Int32) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return nil }
        device = UInt64(status.st_dev)
        number = UInt64(status.st_ino)
        birth = apus_birth_nanoseconds(descriptor)
    }
}
