// What the broker has promised about groups: generations and epochs go up, nobody has what another one has,
// and an offset that was committed is there, and no older one.
import Base
import Protocol

/// A generation of a classic group, as its members were told of it.
struct Generation {
    var leader: Name
    /// Who was given what; nil until somebody was.
    var owners: [Place: Name]?
}

/// A classic group.
struct ClassicPromise {
    var generations: [Int32: Generation] = [:]
    /// The last one of which an assignment was given out.
    var lastSynced: Int32 = -1
    /// The last one that anybody was told of in this life of the broker.
    var lastTold: Int32 = -1
}

/// A member of a group of the new kind, as it knows itself.
struct ConsumerMemberPromise {
    var epoch: Int32
    /// What it has: when it asked, and when it was told.
    var owned: [Place: (asked: Int, told: Int)]
}

/// A group of the new kind (KIP-848).
struct ConsumerPromise {
    var lastEpoch: Int32 = 0
    var members: [Name: ConsumerMemberPromise] = [:]
}

/// An offset of a group.
struct OffsetPromise {
    /// The last one whose commit was answered.
    var committed: Int64 = -1
    /// Those whose commits were not answered: each may come to count, or not.
    var unsure: Set<Int64> = []
}

/// The group and the partition that an offset belongs to.
struct OffsetKey: Hashable {
    let group: Name
    let place: Place
}

/// What is known of all groups.
struct GroupPromises {
    var classic: [Name: ClassicPromise] = [:]
    var consumer: [Name: ConsumerPromise] = [:]
    var offsets: [OffsetKey: OffsetPromise] = [:]
    /// Counts what members were told, so that one moment is before another.
    private var moment = 0

    /// Another life of the broker begins: a generation that nobody was given an assignment of is not written
    /// down, as Kafka has it, and its number may come again.
    mutating func restarted() {
        for group in classic.keys {
            guard var known = classic[group] else { continue }
            known.generations = known.generations.filter { $0.key <= known.lastSynced }
            known.lastTold = known.lastSynced
            classic[group] = known
        }
    }

    mutating func nextMoment() -> Int {
        moment += 1
        return moment
    }
}

// MARK: - Classic groups

extension GroupPromises {
    /// A member was told of a generation.
    mutating func joined(_ group: Name, _ generation: Int32, leader: Name, lastToldBefore: Int32) throws {
        var known = classic[group] ?? ClassicPromise()
        guard generation >= lastToldBefore else {
            throw Violation(description: "\(group): generation \(generation) after \(lastToldBefore)")
        }
        let present = known.generations[generation] ?? Generation(leader: leader)
        guard present.leader == leader else {
            throw Violation(
                description:
                    "\(group): generation \(generation) has two leaders, \(present.leader) and \(leader)")
        }
        known.generations[generation] = present
        known.lastTold = max(known.lastTold, generation)
        classic[group] = known
    }

    /// A member was given its assignment.
    mutating func synced(_ group: Name, _ generation: Int32, _ member: Name, _ places: [Place]) throws {
        var known = classic[group] ?? ClassicPromise()
        var owners = known.generations[generation]?.owners ?? [:]
        for place in places {
            if let other = owners.updateValue(member, forKey: place), other != member {
                throw Violation(
                    description: "\(group): in generation \(generation), \(other) and \(member) have "
                        + "partition \(place.index) of one topic")
            }
        }
        known.generations[generation]?.owners = owners
        known.lastSynced = max(known.lastSynced, generation)
        classic[group] = known
    }
}

// MARK: - Groups of the new kind

extension GroupPromises {
    /// A heartbeat was answered well: the member is in `epoch`, and has `owned`.
    mutating func beat(
        _ group: Name, _ member: Name, epoch: Int32, owned: Set<Place>, sentAt sent: Int,
        lastEpochBefore: Int32,
        isJoining: Bool
    ) throws {
        var known = consumer[group] ?? ConsumerPromise()
        let now = nextMoment()
        let before = known.members[member]
        if let before, epoch < before.epoch, !isJoining {
            throw Violation(
                description: "\(group): \(member) is in epoch \(epoch), and was in \(before.epoch)")
        }
        if isJoining, epoch < lastEpochBefore {
            throw Violation(
                description: "\(group): \(member) joins in epoch \(epoch), and there was \(lastEpochBefore)")
        }
        var has: [Place: (asked: Int, told: Int)] = [:]
        for place in owned { has[place] = before?.owned[place] ?? (sent, now) }
        // Who had it before another one asked that was given it, and is told afterwards that all is well, has
        // it too. An answer that is read late tells of what was long ago.
        for (place, (_, since)) in has where since < sent {
            for (other, theirs) in known.members where other != member {
                guard let taken = theirs.owned[place], taken.asked > since, taken.told < sent else {
                    continue
                }
                throw Violation(
                    description: "\(group): \(member) and \(other) have partition \(place.index) of one topic"
                )
            }
        }
        known.members[member] = ConsumerMemberPromise(epoch: epoch, owned: has)
        known.lastEpoch = max(known.lastEpoch, epoch)
        consumer[group] = known
    }

    /// A member knows that it is none any more, or gives up what it has.
    mutating func left(_ group: Name, _ member: Name) { consumer[group]?.members[member] = nil }

    /// Whether all members are in one epoch and have everything of `places` among them.
    func isBalanced(_ group: Name, _ places: [Place]) -> Bool {
        guard let known = consumer[group], !known.members.isEmpty else { return true }
        let epochs = Set(known.members.values.map(\.epoch))
        let owned = known.members.values.flatMap(\.owned.keys)
        return epochs.count == 1 && owned.count == places.count && Set(owned) == Set(places)
    }
}

// MARK: - Offsets

extension GroupPromises {
    /// A commit is sent.
    mutating func commits(_ key: OffsetKey, _ offset: Int64) {
        offsets[key, default: OffsetPromise()].unsure.insert(offset)
    }

    /// It was answered.
    mutating func committed(_ key: OffsetKey, _ offset: Int64) {
        offsets[key]?.unsure.remove(offset)
        offsets[key]?.committed = offset
    }

    /// An offset was looked up when nothing was under way.
    func check(_ key: OffsetKey, _ offset: Int64) throws {
        let known = offsets[key] ?? OffsetPromise()
        guard offset == known.committed || known.unsure.contains(offset) else {
            throw Violation(
                description: "\(key.group): offset \(offset) of partition \(key.place.index), where "
                    + "\(known.committed) was committed")
        }
    }
}
