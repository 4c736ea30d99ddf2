// Memory of a connection: the lease of a frame that is not small, and what the connection says of itself when
// others wait for memory.

extension Connection {
    /// Whether the rest of the frame at the front has to wait for memory.
    var awaitsMemory: Bool {
        leaseFrame()
        return isFrameHeldBack
    }

    /// Whether the frame at the front has no memory yet.
    ///
    /// A peer that does not take its replies gets none for another request: it could wait for itself.
    var isFrameHeldBack: Bool { frameWish != nil || owesReplies && needsLease }

    private var owesReplies: Bool { isBlocked || outbound.hasReady }

    private var needsLease: Bool {
        guard frameLease == nil, let size = kept.frameSize, size >= 0, kept.missing > 0 else { return false }
        return Int(size) + FrameSize.byteCount > MemoryShares.smallMaxBytes
            && Int(size) <= context.budget.shares.largestFrameBytes
    }

    /// Sees to it that a frame which is not small gets a lease for all of it before more of it is read.
    ///
    /// Leased whole, as two frames that each had a part and waited for the rest would wait for each other.
    func leaseFrame() {
        guard needsLease, frameWish == nil, !owesReplies, let size = kept.frameSize else { return }
        let bytes = Int(size) + FrameSize.byteCount
        if let lease = context.budget.leaseIfFree(bytes, as: .request, for: holder) {
            frameLease = lease
            return noteProgress()
        }
        let loop = loop
        frameWish = context.budget.whenLeased(bytes, as: .request, for: holder) { [weak self] lease in
            loop.post { [weak self] in self?.assumeIsolated { $0.leased(lease) } }
        }
    }

    private func leased(_ lease: MemoryLease?) {
        frameWish = nil
        guard registration != nil, isOpen else { return }
        guard let lease else { return close(.shutdown) }
        frameLease = lease
        noteProgress()
        takeTurnSoon()
    }

    /// Gives back what can be had again, and says what this connection holds that its peer is to go on with.
    func giveBackAndTell() -> MemoryHolding {
        dropPrefetched()
        settle()
        let isUnfinished = kept.missing > 0 && !kept.isEmpty || (secured?.keptBytes ?? 0) > 0
        let isReceiving = isUnfinished && isReading
        var leased = outbound.leasedBytes
        // Replies stand behind one that its peer chose to wait for.
        let isHeldUp = !leased.isEmpty && !outbound.hasReady
        if isReceiving, let frameLease { leased[frameLease.kind, default: 0] += frameLease.bytes }
        return MemoryHolding(
            connection: self, lastProgress: lastProgress, leasedBytes: leased,
            smallBytes: isReceiving || isBlocked || frameWish != nil ? unleasedBytes : 0,
            isPeersTurn: isReceiving || isBlocked || isHeldUp)
    }

    /// Forgets what was read beforehand for a peer that does not take it: it is read again when it can leave.
    func dropPrefetched() {
        if isBlocked { outbound.dropPrefetched() }
    }

    /// Tells the budget what this connection holds between its turns, beside its leases.
    func settle() {
        let held = unleasedBytes
        guard held != settledBytes else { return }
        context.budget.adjust(by: held - settledBytes)
        settledBytes = held
    }
}

/// What one connection holds while others wait.
struct MemoryHolding {
    let connection: Connection
    let lastProgress: Int64
    let leasedBytes: [MemoryBudget.Kind: Int]
    let smallBytes: Int
    /// Whether the peer is the one to act, by sending, by taking replies, or by not having them wait.
    let isPeersTurn: Bool
}
