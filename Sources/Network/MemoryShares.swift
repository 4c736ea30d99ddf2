// How the memory for requests and replies is shared out. Whoever waits for memory waits for others of its own
// size: a request of a few hundred bytes never stands behind one of a hundred megabytes.
package import Base

/// The parts of the memory budget.
package struct MemoryShares: Equatable, Sendable {
    /// The most that a request or reply may take and still pass for small: these never wait.
    package static let smallMaxBytes = 64 << 10

    /// For unfinished small requests, small replies that their peers do not take, and the beginnings of
    /// larger requests.
    package let smallBytes: Int
    /// For requests of up to `mediumMaxBytes`, and again for such replies.
    package let mediumBytes: Int
    /// For larger ones; also how large a single one may be.
    package let largeBytes: Int
    /// For what is decompressed, recompressed or converted at a time, beside the requests and replies
    /// themselves.
    package let workBytes: Int

    /// The most that a request or reply may take and still pass for one of middle size.
    package var mediumMaxBytes: Int { min(4 << 20, mediumBytes / 4) }
    /// For replies beside small ones there is as much as for requests of middle size, and this for larger
    /// ones: requests keep theirs while they wait for it, so neither may use up what the other needs.
    package var largestReplyBytes: Int { largeBytes / 2 }
    /// The largest frame that can ever be received, without its size in front.
    package var largestFrameBytes: Int { largeBytes - FrameSize.byteCount }
    /// All parts together.
    package var totalBytes: Int { smallBytes + 2 * mediumBytes + largeBytes + largestReplyBytes + workBytes }

    /// The shares beside one of `largeBytes`; the other parts grow with it, each up to what it needs to
    /// serve many clients at a time.
    package init(largeBytes: Int) {
        self.largeBytes = largeBytes
        smallBytes = min(8 << 20, largeBytes / 8)
        mediumBytes = min(24 << 20, largeBytes / 4)
        workBytes = min(64 << 20, largeBytes / 4 * 3)
    }

    /// The shares with room for one request of `requestBytes`.
    package init(requestBytes: Int) {
        self.init(largeBytes: requestBytes + FrameSize.byteCount)
    }

    /// The shares of a process that has `room`, where the largest request has `requestMaxBytes`: that much
    /// for large requests, or less if all of it would take more than a part of the room.
    package init(of room: MemoryRoom, requestMaxBytes: Int) {
        // The parts beside the large one are at most 15/8 of it.
        let affordable = room.bytes / Self.partOfRoom / 23 * 8
        self.init(largeBytes: max(Self.largeMinBytes, min(requestMaxBytes + FrameSize.byteCount, affordable)))
    }

    /// What share of the room all of it may take: the rest is for logs, groups, threads, and what the kernel
    /// keeps for sockets.
    static let partOfRoom = 3
    /// The least for large requests: the largest batch that topics accept by default, with room to spare.
    static let largeMinBytes = 4 << 20
}
