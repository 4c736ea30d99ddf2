// Offsets that were committed in transactions which have not ended: nobody is shown them, and who wants
// stable offsets waits for them. When a transaction commits, the later of two commits of one partition
// counts, pending or not, in the order in which they stand in the log.
package import Base

/// The offsets of open transactions, of all groups of one shard.
package struct PendingOffsets: Sendable {
    private struct Place: Hashable {
        let topic: Name
        let partition: Int32
    }
    private struct Pending {
        var committed: CommittedOffset
        /// Which of two came later.
        var order: UInt64
        /// Whether an offset that came later counts already.
        var isSuperseded = false
    }

    /// By group and place, each with the producers in whose transactions it was committed.
    private var byGroup: [Name: [Place: [ProducerID: Pending]]] = [:]
    /// Where each producer has committed something.
    private var places: [ProducerID: [Name: Set<Place>]] = [:]
    private var nextOrder: UInt64 = 0

    /// None.
    package init() {}

    /// Whether there are none at all.
    package var isEmpty: Bool { byGroup.isEmpty }

    /// Whether a group has any.
    package func isEmpty(_ group: Name) -> Bool { byGroup[group] == nil }

    /// Whether there are any of one partition.
    package func contains(_ group: Name, _ topic: Name, _ partition: Int32) -> Bool {
        byGroup[group]?[Place(topic: topic, partition: partition)] != nil
    }

    /// The partitions of which a group has any, in order.
    package func partitions(of group: Name) -> [(topic: Name, partition: Int32)] {
        let found = (byGroup[group] ?? [:]).keys.map { (topic: $0.topic, partition: $0.partition) }
        return found.sorted { $0 < $1 }
    }

    /// Where offsets are that `isLost` says so of, in order.
    func places(
        where isLost: (Name, CommittedOffset) -> Bool
    ) -> [(group: Name, topic: Name, partition: Int32)] {
        var found: [(group: Name, topic: Name, partition: Int32)] = []
        for (group, places) in byGroup {
            for (place, pending) in places
            where pending.values.contains(where: { isLost(place.topic, $0.committed) }) {
                found.append((group, place.topic, place.partition))
            }
        }
        return found.sorted { $0 < $1 }
    }

    /// Notes an offset of the transaction of `producer`.
    mutating func add(
        _ committed: CommittedOffset, _ group: Name, _ topic: Name, _ partition: Int32,
        of producer: ProducerID
    ) {
        let place = Place(topic: topic, partition: partition)
        byGroup[group, default: [:]][place, default: [:]][producer] = Pending(
            committed: committed, order: nextOrder)
        nextOrder += 1
        places[producer, default: [:]][group, default: []].insert(place)
    }

    /// An offset counts now that came later than all that are pending there.
    mutating func supersede(_ group: Name, _ topic: Name, _ partition: Int32) {
        supersede(group, Place(topic: topic, partition: partition), before: nextOrder)
    }

    private mutating func supersede(_ group: Name, _ place: Place, before order: UInt64) {
        guard let pending = byGroup[group]?[place] else { return }
        for (producer, offset) in pending where offset.order < order {
            byGroup[group]?[place]?[producer]?.isSuperseded = true
        }
    }

    /// What is pending of one partition never counts.
    mutating func remove(_ group: Name, _ topic: Name, _ partition: Int32) {
        let place = Place(topic: topic, partition: partition)
        for producer in byGroup[group]?[place]?.keys.map(\.self) ?? [] {
            remove(group, place, of: producer)
            places[producer]?[group]?.remove(place)
            if places[producer]?[group]?.isEmpty == true { places[producer]?[group] = nil }
            if places[producer]?.isEmpty == true { places[producer] = nil }
        }
    }

    private mutating func remove(_ group: Name, _ place: Place, of producer: ProducerID) {
        byGroup[group]?[place]?[producer] = nil
        if byGroup[group]?[place]?.isEmpty == true { byGroup[group]?[place] = nil }
        if byGroup[group]?.isEmpty == true { byGroup[group] = nil }
    }

    /// The transaction of `producer` has ended; `count` gets each of its offsets that would count now.
    mutating func end(
        _ producer: ProducerID, isCommit: Bool,
        count: (Name, Name, Int32, CommittedOffset) -> Void
    ) {
        for (group, places) in places.removeValue(forKey: producer) ?? [:] {
            for place in places {
                guard let pending = byGroup[group]?[place]?[producer] else { continue }
                remove(group, place, of: producer)
                guard isCommit, !pending.isSuperseded else { continue }
                supersede(group, place, before: pending.order)
                count(group, place.topic, place.partition, pending.committed)
            }
        }
    }
}
