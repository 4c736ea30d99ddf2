// The replies of one connection in the order of their requests. They may be completed in any order; only the
// completed ones at the front leave. Small pieces and file ranges are gathered into one area and sent with
// one call; what the socket does not take stays where it is.
import Base

/// Replies reserved, completed and not yet sent.
struct OutboundQueue {
    /// Pieces in memory from this size on are sent from where they are instead of being gathered.
    static let directBytes = 32 << 10

    /// What gathering gave.
    enum Gathered {
        /// Nothing can leave now.
        case nothing
        /// So many bytes are gathered.
        case bytes(Int)
        /// The next piece is large and in memory: see `withNextBytes`.
        case large
        /// The next piece has to be read from the disk first.
        case cold(any ByteRangeSource, position: Int64, length: Int)
        /// The next piece cannot be read; the reply has begun, so the connection has to go.
        case failed(CloseReason)
    }

    private struct Cursor {
        var slot: Int
        var fragment: Int
        var offset: Int
    }

    /// An area being filled.
    @safe private struct Gathering {
        private let area: UnsafeMutableRawBufferPointer
        var filled = 0
        var fileLeft: Int

        init(area: UnsafeMutableRawBufferPointer, fileLeft: Int) {
            unsafe self.area = area
            self.fileLeft = fileLeft
        }

        var left: Int { unsafe area.count - filled }

        func next(_ count: Int) -> UnsafeMutableRawBufferPointer {
            unsafe UnsafeMutableRawBufferPointer(rebasing: area[filled..<(filled + count)])
        }

        mutating func add(_ bytes: [UInt8], at position: Int, count: Int) {
            unsafe next(count).fill(with: bytes, at: position)
            filled += count
        }
    }

    private enum Slot {
        /// The request is being worked on; `source` will complete it.
        case pending(Holding, source: (any AwaitedReply)? = nil)
        case ready(OutboundReply)
        case cancelled
    }

    /// What a request keeps in memory.
    private struct Holding {
        var bytes = 0
        var lease: MemoryLease?
        var unleasedBytes: Int { lease == nil ? bytes : 0 }
    }

    private var slots: [Slot] = []
    /// Slots before this one have left.
    private var head = 0
    private var headSequence: UInt64 = 0
    private var fragment = 0
    private var offset = 0
    /// Bytes of the fragment at the front that were read beforehand, and where in it they begin.
    private var prefetched: [UInt8] = []
    private var prefetchedFrom = 0
    /// Memory that replies, and requests being worked on, hold.
    private(set) var heldBytes = 0
    /// How much of that was not leased.
    private(set) var unleasedBytes = 0
    /// Slots that still wait for their reply.
    private(set) var pendingCount = 0

    /// Replies reserved and not yet sent in full.
    var count: Int { slots.count - head }
    /// Whether something can leave.
    var hasReady: Bool {
        guard head < slots.count else { return false }
        if case .ready = slots[head] { return true }
        return false
    }

    // MARK: Filling

    /// Takes the next place.
    mutating func reserve() -> ReplySlot {
        slots.append(.pending(Holding()))
        pendingCount += 1
        return ReplySlot(sequence: headSequence + UInt64(count - 1))
    }

    /// Changes how many bytes the request at a place keeps until its reply is complete.
    mutating func hold(_ bytes: Int, _ lease: MemoryLease?, for slot: ReplySlot) {
        let (index, before) = pending(slot)
        let holding = Holding(bytes: bytes, lease: lease)
        slots[index] = .pending(holding)
        heldBytes += bytes - before.bytes
        unleasedBytes += holding.unleasedBytes - before.unleasedBytes
    }

    /// Notes what the reply for a place waits for.
    mutating func expect(_ source: any AwaitedReply, for slot: ReplySlot) {
        let (index, holding) = pending(slot)
        slots[index] = .pending(holding, source: source)
    }

    /// Tells whatever is waited for that it need not come.
    func abandon() {
        for case .pending(_, let source?) in slots[head...] { source.abandon() }
    }

    private func pending(_ slot: ReplySlot) -> (index: Int, holding: Holding) {
        let index = head + Int(clamping: slot.sequence &- headSequence)
        guard slots.indices.contains(index), case .pending(let holding, _) = slots[index] else {
            preconditionFailure("a reply slot is completed once, on the connection that gave it out")
        }
        return (index, holding)
    }

    /// Puts `reply` into its place, or with nil gives the place up.
    mutating func complete(_ slot: ReplySlot, with reply: OutboundReply?) {
        let (index, holding) = pending(slot)
        pendingCount -= 1
        heldBytes -= holding.bytes
        unleasedBytes -= holding.unleasedBytes
        if let reply {
            heldBytes += reply.memoryBytes
            unleasedBytes += reply.unleasedBytes
            slots[index] = .ready(reply)
        } else {
            slots[index] = .cancelled
        }
        if index == head { dropFinished() }
    }

    /// The leased bytes of replies that are complete.
    var leasedBytes: [MemoryBudget.Kind: Int] {
        slots[head...].reduce(into: [:]) { sums, slot in
            guard case .ready(let reply) = slot, let lease = reply.lease else { return }
            sums[lease.kind, default: 0] += lease.bytes
        }
    }

    // MARK: Sending

    /// Fills `area` with what leaves next, of which at most `fileBytes` are read from files.
    ///
    /// What leaves stays in the queue until `sent` says that it has left.
    mutating func gather(into area: UnsafeMutableRawBufferPointer, fileBytes: Int) -> Gathered {
        var gathering = unsafe Gathering(area: area, fileLeft: fileBytes)
        var cursor = Cursor(slot: head, fragment: fragment, offset: offset)
        while cursor.slot < slots.count {
            if case .pending = slots[cursor.slot] { break }
            if case .ready(let reply) = slots[cursor.slot],
                let stop = add(reply, from: &cursor, to: &gathering)
            {
                return gathering.filled > 0 ? .bytes(gathering.filled) : stop
            }
            cursor = Cursor(slot: cursor.slot + 1, fragment: 0, offset: 0)
        }
        return gathering.filled > 0 ? .bytes(gathering.filled) : .nothing
    }

    /// Adds the rest of one reply; nil when all of it is in, otherwise what stands in the way.
    private func add(_ reply: OutboundReply, from cursor: inout Cursor, to gathering: inout Gathering)
        -> Gathered?
    {
        while cursor.fragment < reply.count {
            switch reply[cursor.fragment] {
            case .bytes(let bytes):
                let left = bytes.count - cursor.offset
                if left >= Self.directBytes { return .large }
                let part = min(left, gathering.left)
                gathering.add(bytes, at: cursor.offset, count: part)
                if part < left { return .nothing }
            case .range(let source, let position, let length):
                while cursor.offset < length {
                    let wanted = min(length - cursor.offset, gathering.fileLeft, gathering.left)
                    if wanted == 0 { return .nothing }
                    let from = position + Int64(cursor.offset)
                    let area = unsafe gathering.next(wanted)
                    let prepared = unsafe prefetched(into: area, at: cursor)
                    let read = unsafe prepared ?? source.read(into: area, at: from, mayWait: false)
                    guard case .read(let count) = read, count > 0 else {
                        return Self.gathered(read, source, from, length - cursor.offset)
                    }
                    precondition(count <= wanted, "a source fills at most the area it is given")
                    gathering.filled += count
                    gathering.fileLeft -= count
                    cursor.offset += count
                }
            }
            cursor = Cursor(slot: cursor.slot, fragment: cursor.fragment + 1, offset: 0)
        }
        return nil
    }

    private static func gathered(
        _ read: ByteRangeRead, _ source: any ByteRangeSource, _ position: Int64, _ length: Int
    ) -> Gathered {
        switch read {
        case .read: .failed(.sourceEnded)
        case .wouldWait: .cold(source, position: position, length: length)
        case .failed(let errno): .failed(.sourceFailed(errno: errno))
        }
    }

    private func prefetched(into area: UnsafeMutableRawBufferPointer, at cursor: Cursor) -> ByteRangeRead? {
        let index = cursor.offset - prefetchedFrom
        let isFront = cursor.slot == head && cursor.fragment == fragment
        guard isFront, index >= 0, index < prefetched.count else { return nil }
        let part = min(area.count, prefetched.count - index)
        unsafe UnsafeMutableRawBufferPointer(rebasing: area[..<part]).fill(with: prefetched, at: index)
        return .read(part)
    }

    /// Keeps `bytes`, read for a piece that `gather` called cold.
    mutating func prefetch(_ bytes: [UInt8]) {
        prefetched = bytes
        prefetchedFrom = offset
        heldBytes += bytes.count
        unleasedBytes += bytes.count
    }

    /// Calls `body` with the bytes that `gather` called large.
    mutating func withNextBytes(_ body: (UnsafeRawBufferPointer) -> Transfer) -> Transfer {
        guard head < slots.count, case .ready(let reply) = slots[head],
            case .bytes(let bytes) = reply[fragment]
        else {
            preconditionFailure("only called after gather said so")
        }
        return unsafe bytes.withUnsafeBytes { area in
            unsafe body(UnsafeRawBufferPointer(rebasing: area[offset...]))
        }
    }

    /// Seals the bytes that `gather` called large, at most a piece of them; how many.
    mutating func sealNextBytes(
        by layer: any TransportSecurity, into outgoing: inout [UInt8]
    ) throws(SecurityFailure) -> Int {
        guard head < slots.count, case .ready(let reply) = slots[head],
            case .bytes(let bytes) = reply[fragment]
        else {
            preconditionFailure("only called after gather said so")
        }
        let end = min(bytes.count, offset + LoopBuffers.outputBytes)
        try unsafe layer.seal(bytes.span.bytes.extracting(offset..<end), outgoing: &outgoing)
        return end - offset
    }

    /// Notes that the next `count` bytes have left.
    mutating func sent(_ count: Int) {
        var left = count
        while left > 0 {
            guard head < slots.count, case .ready(let reply) = slots[head] else {
                preconditionFailure("only gathered bytes are sent")
            }
            let part = min(left, reply[fragment].byteCount - offset)
            offset += part
            left -= part
            dropFinished()
        }
    }

    /// Moves the front over everything that is done.
    private mutating func dropFinished() {
        while head < slots.count {
            switch slots[head] {
            case .pending: return compact()
            case .cancelled: break
            case .ready(let reply):
                while fragment < reply.count, offset == reply[fragment].byteCount {
                    fragment += 1
                    offset = 0
                    dropPrefetched()
                }
                guard fragment == reply.count else { return compact() }
                fragment = 0
                heldBytes -= reply.memoryBytes
                unleasedBytes -= reply.unleasedBytes
            }
            slots[head] = .cancelled
            head += 1
            headSequence += 1
        }
        compact()
    }

    /// Forgets what was read beforehand; it is read again when it can leave.
    mutating func dropPrefetched() {
        guard !prefetched.isEmpty else { return }
        heldBytes -= prefetched.count
        unleasedBytes -= prefetched.count
        prefetched = []
    }

    private mutating func compact() {
        if !prefetched.isEmpty, offset >= prefetchedFrom + prefetched.count { dropPrefetched() }
        if head == slots.count {
            slots.removeAll(keepingCapacity: slots.capacity <= 16)
            head = 0
        } else if head >= 64, head * 2 >= slots.count {
            slots.removeFirst(head)
            head = 0
        }
    }
}

extension OutboundQueue {
    /// Counts what the running sums say.
    func checkInvariants() throws(InvariantViolation) {
        var (held, unleased, pending) = (prefetched.count, prefetched.count, 0)
        for slot in slots[head...] {
            switch slot {
            case .pending(let holding, _):
                pending += 1
                held += holding.bytes
                unleased += holding.unleasedBytes
            case .ready(let reply):
                held += reply.memoryBytes
                unleased += reply.unleasedBytes
            case .cancelled: break
            }
        }
        try invariant(pendingCount == pending, "\(pendingCount) replies are pending, and it is \(pending)")
        try invariant(heldBytes == held, "replies hold \(heldBytes) bytes, and it is \(held)")
        try invariant(
            unleasedBytes == unleased, "\(unleasedBytes) of them have no lease, and it is \(unleased)")
        try invariant(
            held >= 0 && unleased >= 0 && unleased <= held, "\(unleased) of \(held) bytes have no lease")
        guard head < slots.count else {
            return try invariant(prefetched.isEmpty, "bytes were read for a reply that has left")
        }
        if case .cancelled = slots[head] {
            throw InvariantViolation("a place that was given up holds back others")
        }
    }
}

extension UnsafeMutableRawBufferPointer {
    /// Fills the whole area with `bytes` from `position` on, of which there are enough.
    fileprivate func fill(with bytes: [UInt8], at position: Int) {
        guard count > 0 else { return }
        unsafe bytes.withUnsafeBytes { source in
            unsafe copyMemory(from: UnsafeRawBufferPointer(rebasing: source[position..<(position + count)]))
        }
    }
}
