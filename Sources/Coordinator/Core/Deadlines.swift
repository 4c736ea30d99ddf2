// Deadlines as data. A deadline that is moved back, as every heartbeat does, only changes a table; its place
// in the heap is corrected when it comes up there.

/// When things named by `Key` are due, each at one time.
package struct Deadlines<Key: Hashable & Sendable>: Sendable {
    private struct Entry {
        var time: Int64
        var key: Key
    }
    private struct Due {
        var time: Int64
        /// The time of the earliest entry of this key in the heap.
        var queued: Int64
    }

    private var due: [Key: Due] = [:]
    /// Nothing is set for an earlier time: what follows from a deadline is due after the pass that it came up
    /// in, whatever time a client asks for, or the pass would never end.
    private var earliest = Int64.min
    /// A binary heap, the earliest entry first; it may hold entries that were moved or taken back.
    private var heap: [Entry] = []

    /// No deadlines.
    package init() {}

    /// How many deadlines are set.
    package var count: Int { due.count }

    /// When `key` is due, if it is set.
    package subscript(_ key: Key) -> Int64? { due[key]?.time }

    /// Sets or moves the deadline of `key`; times that have come up already stand for the first one after.
    ///
    /// - Complexity: O(1) to move it to a later time, as each heartbeat does; else O(log n).
    package mutating func set(_ key: Key, at time: Int64) {
        let time = max(time, earliest)
        if let place = due.index(forKey: key), due.values[place].queued <= time {
            due.values[place].time = time
            return
        }
        due[key] = Due(time: time, queued: time)
        push(Entry(time: time, key: key))
        if heap.count > 2 * due.count + Self.slack { rebuild() }
    }

    /// Takes the deadline of `key` back.
    package mutating func cancel(_ key: Key) {
        due[key] = nil
        // What was taken back must not pile up until its time would have come.
        if heap.count > 2 * due.count + Self.slack { rebuild() }
        dropTakenBack()
    }

    /// Sees to it that the first entry of the heap is somebody's.
    private mutating func dropTakenBack() {
        while let first = heap.first, due[first.key]?.queued != first.time { pop() }
    }

    /// Entries of the heap without a deadline that are not worth a clean-up.
    private static var slack: Int { 64 }

    private mutating func rebuild() {
        heap = []
        for (key, present) in due {
            due[key]?.queued = present.time
            push(Entry(time: present.time, key: key))
        }
    }

    /// The earliest deadline, or somewhat before it: asking again then is always safe.
    package var next: Int64? { heap.first?.time }

    /// Takes out a key that is due at `now`; nil when there is none.
    package mutating func popDue(at now: Int64) -> Key? {
        while let first = heap.first, first.time <= now {
            pop()
            guard let present = due[first.key], present.queued == first.time else { continue }
            if present.time <= now {
                due[first.key] = nil
                dropTakenBack()
                earliest = max(earliest, now < .max ? now + 1 : now)
                return first.key
            }
            due[first.key]?.queued = present.time
            push(Entry(time: present.time, key: first.key))
        }
        return nil
    }

    private mutating func push(_ entry: Entry) {
        heap.append(entry)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].time < heap[parent].time else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func pop() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].time < heap[least].time { least = child }
            }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
