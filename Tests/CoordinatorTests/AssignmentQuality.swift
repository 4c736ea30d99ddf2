// How good an assignment is, judged without knowing how it was made.
import Base
import Coordinator

/// An assignment beside its question.
struct AssignmentQuality {
    let vector: AssignmentVector
    let assignment: AssignmentVector.Assignment

    private struct Slot: Hashable {
        let topic: Name
        let partition: Int32
    }

    /// Partitions per member, ascending.
    var counts: [Int] { vector.members.map { count(of: $0) }.sorted() }

    private func count(of member: Name) -> Int {
        (assignment[member] ?? [:]).values.reduce(0) { $0 + $1.count }
    }

    /// Smaller is more even.
    var unevenness: Int { counts.reduce(0) { $0 + $1 * $1 } }

    /// How many partitions stay with the member that had them.
    var kept: Int {
        vector.members.reduce(0) { sum, member in
            let before = slots(of: member, in: vector.owned ?? [:])
            return sum + before.intersection(slots(of: member, in: assignment)).count
        }
    }

    private func slots(of member: Name, in assignment: AssignmentVector.Assignment) -> Set<Slot> {
        Set(
            (assignment[member] ?? [:]).flatMap { topic, partitions in
                partitions.map { Slot(topic: topic, partition: $0) }
            })
    }

    /// Partitions given to several members, to nonmembers, or that do not exist.
    var mistakes: [String] {
        var mistakes: [String] = []
        var seen: Set<Slot> = []
        for (member, topics) in assignment {
            for (topic, partitions) in topics {
                if !(vector.subscriptions[member] ?? []).contains(topic) {
                    mistakes.append("\(member) did not subscribe to \(topic)")
                }
                for partition in partitions {
                    if !(0..<Int32(vector.partitions[topic] ?? 0)).contains(partition) {
                        mistakes.append("there is no \(topic)-\(partition)")
                    }
                    if !seen.insert(Slot(topic: topic, partition: partition)).inserted {
                        mistakes.append("\(topic)-\(partition) twice")
                    }
                }
            }
        }
        return mistakes
    }

    /// Partitions of subscribed topics that nobody got.
    var missing: Int {
        let wanted = Set(vector.subscriptions.values.joined())
        let total = vector.partitions.reduce(0) { $0 + (wanted.contains($1.key) ? $1.value : 0) }
        return total - assignment.keys.reduce(0) { $0 + count(of: $1) }
    }

    /// Those of them that no member held before: nothing excuses that.
    var missingWithoutReason: [String] {
        let wanted = Set(vector.subscriptions.values.joined())
        let given = Set(vector.members.flatMap { slots(of: $0, in: assignment) })
        let held = Set(vector.members.flatMap { slots(of: $0, in: vector.owned ?? [:]) })
        return wanted.flatMap { topic in
            (0..<Int32(vector.partitions[topic] ?? 0)).map { Slot(topic: topic, partition: $0) }
        }
        .filter { !given.contains($0) && !held.contains($0) }.map { "\($0.topic)-\($0.partition)" }
    }

    /// Whether partitions could wander from a member to one that has at least two less, directly or over
    /// others.
    var couldBeMoreEven: Bool {
        vector.members.contains { start in
            var reached: Set = [start]
            var next = [start]
            while let giver = next.popLast() {
                let topics = Set((assignment[giver] ?? [:]).filter { !$0.value.isEmpty }.keys)
                for taker in vector.members where !reached.contains(taker) {
                    guard (vector.subscriptions[taker] ?? []).contains(where: topics.contains) else {
                        continue
                    }
                    if count(of: taker) <= count(of: start) - 2 { return true }
                    reached.insert(taker)
                    next.append(taker)
                }
            }
            return false
        }
    }
}
