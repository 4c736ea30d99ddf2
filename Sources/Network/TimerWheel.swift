// Timers in six wheels of 64 slots: a slot of wheel 0 is one tick, of wheel 1 sixty-four ticks, and so on.
// Setting and cancelling cost a few loads and stores whatever the number of timers, which is what long polls
// need: nearly all of their timers are cancelled. A bit map per wheel tells the next occupied slot, so
// nothing ever steps through empty ones. Linux and Tokio use the same structure.
// - Source: G. Varghese, T. Lauck, "Hashed and Hierarchical Timing Wheels", SOSP 1987.

/// Names one timer of one wheel; stale names are harmless.
package struct TimerID: Hashable, Sendable {
    let index: Int32
    let generation: UInt32
}

/// Payloads that come due at a tick.
package struct TimerWheel<Payload> {
    private static var levels: Int { 6 }
    private static var slotBits: Int64 { 6 }
    private static var none: Int32 { -1 }
    /// The list of what is due; lists before it are the slots.
    private static var dueList: Int { levels * 64 }
    /// Marks a node that is in no list.
    private static var freeList: Int { dueList + 1 }

    private struct Node {
        var deadline: Int64
        var previous: Int32
        var next: Int32
        var generation: UInt32
        var list: Int32
        var payload: Payload?
    }

    private struct List {
        var first: Int32 = -1
        var last: Int32 = -1
    }

    private var nodes: [Node] = []
    private var firstFree = none
    private var lists: [List]
    private var occupied: [UInt64]
    /// The tick up to which the wheel has been turned.
    private var elapsed: Int64
    /// How many timers are set.
    package private(set) var count = 0

    /// A wheel without timers that stands at `tick`.
    package init(tick: Int64 = 0) {
        elapsed = tick
        lists = Array(repeating: List(), count: Self.dueList + 1)
        occupied = Array(repeating: 0, count: Self.levels)
    }

    /// Sets a timer; one for a tick that has passed comes due at the next `popDue`.
    package mutating func insert(_ payload: Payload, at tick: Int64) -> TimerID {
        let index: Int32
        if firstFree != Self.none {
            index = firstFree
            firstFree = nodes[Int(index)].next
        } else {
            index = Int32(nodes.count)
            nodes.append(
                Node(
                    deadline: 0, previous: Self.none, next: Self.none, generation: 0,
                    list: Int32(Self.freeList),
                    payload: nil))
        }
        nodes[Int(index)].deadline = tick
        nodes[Int(index)].payload = payload
        place(index)
        count += 1
        return TimerID(index: index, generation: nodes[Int(index)].generation)
    }

    /// Takes a timer out and returns its payload, or nil when it came due or was cancelled before.
    @discardableResult
    package mutating func cancel(_ timer: TimerID) -> Payload? {
        let index = Int(timer.index)
        guard nodes.indices.contains(index), nodes[index].generation == timer.generation else { return nil }
        return release(timer.index)
    }

    /// The tick at which `popDue` has to be called next: that of the first timer, or of the slot to be spread
    /// over finer wheels.
    package var nextTick: Int64? {
        if lists[Self.dueList].first != Self.none { return elapsed }
        return nextSlot()?.tick
    }

    /// The payload of a timer due at `tick` or before, in the order of their ticks; nil when no more is due.
    package mutating func popDue(at tick: Int64) -> Payload? {
        while true {
            let due = lists[Self.dueList].first
            if due != Self.none { return release(due) }
            guard let slot = nextSlot(), slot.tick <= tick else {
                elapsed = max(elapsed, tick)
                return nil
            }
            elapsed = max(elapsed, slot.tick)
            spread(slot.list)
        }
    }

    /// The earliest occupied slot: the lowest wheel's, as each wheel lies wholly within one slot of the next.
    private func nextSlot() -> (list: Int, tick: Int64)? {
        for level in 0..<Self.levels where occupied[level] != 0 {
            let shift = Self.slotBits * Int64(level)
            let current = Int(elapsed >> shift & 63)
            let rotated = occupied[level] >> UInt64(current) | occupied[level] << UInt64((64 - current) & 63)
            let slot = (rotated.trailingZeroBitCount + current) & 63
            let turn = elapsed & ~((Int64(1) << (shift + Self.slotBits)) - 1)
            let tick = turn + Int64(slot) << shift
            // A slot behind the current one belongs to the wheel's next turn; only the last wheel has such.
            return (level * 64 + slot, slot < current ? tick + Int64(1) << (shift + Self.slotBits) : tick)
        }
        return nil
    }

    private mutating func spread(_ list: Int) {
        var index = lists[list].first
        lists[list] = List()
        occupied[list >> 6] &= ~(1 << UInt64(list & 63))
        while index != Self.none {
            let next = nodes[Int(index)].next
            place(index)
            index = next
        }
    }

    private mutating func place(_ index: Int32) {
        let deadline = nodes[Int(index)].deadline
        guard deadline > elapsed else { return append(index, to: Self.dueList) }
        // What lies beyond the last wheel (two years) waits in its farthest slot but one and is placed again
        // from there: the slot of `elapsed` itself would count as reached.
        let turn = Int64(1) << (Self.slotBits * Int64(Self.levels))
        let tick = min(deadline, elapsed + turn - turn >> Self.slotBits)
        let level = (63 - (elapsed ^ tick | 63).leadingZeroBitCount) / Int(Self.slotBits)
        let bounded = min(level, Self.levels - 1)
        let slot = Int(tick >> (Self.slotBits * Int64(bounded)) & 63)
        occupied[bounded] |= 1 << UInt64(slot)
        append(index, to: bounded * 64 + slot)
    }

    private mutating func append(_ index: Int32, to list: Int) {
        let last = lists[list].last
        nodes[Int(index)].list = Int32(list)
        nodes[Int(index)].previous = last
        nodes[Int(index)].next = Self.none
        if last == Self.none { lists[list].first = index } else { nodes[Int(last)].next = index }
        lists[list].last = index
    }

    private mutating func release(_ index: Int32) -> Payload? {
        let node = nodes[Int(index)]
        let list = Int(node.list)
        if node.previous == Self.none {
            lists[list].first = node.next
        } else {
            nodes[Int(node.previous)].next = node.next
        }
        if node.next == Self.none {
            lists[list].last = node.previous
        } else {
            nodes[Int(node.next)].previous = node.previous
        }
        if list < Self.dueList, lists[list].first == Self.none {
            occupied[list >> 6] &= ~(1 << UInt64(list & 63))
        }
        nodes[Int(index)].payload = nil
        nodes[Int(index)].generation &+= 1
        nodes[Int(index)].list = Int32(Self.freeList)
        nodes[Int(index)].next = firstFree
        firstFree = index
        count -= 1
        return node.payload
    }
}
