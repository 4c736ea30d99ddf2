// A client that commits offsets for a group without members, and looks them up. Each commit is another
// number, so that what is found tells which commit it is of.
import Base
import Protocol
import Simulation

final class OffsetsClient: SimulatedClient {
    private let group: Name
    private var last: Int64 = 0

    init(_ number: Int, _ history: BrokerHistory) {
        group = Name("offsets-\(number)")
        super.init("offsets \(number)", history)
    }

    override func proceed(_ wire: Wire) throws -> Bool {
        guard wire.inFlight == 0, !history.isSettling, history.random.chance(60) else { return false }
        guard let place = history.promise.places.randomElement(using: &history.random) else { return false }
        let key = OffsetKey(group: group, place: place)
        if history.random.chance(60) { try commit(key) } else { try look(key) }
        return true
    }

    private func commit(_ key: OffsetKey) throws {
        last += 1
        let offset = last
        var partition = OffsetCommitRequest.OffsetCommitRequestPartition()
        partition.partitionIndex = key.place.index
        partition.committedOffset = offset
        var topic = OffsetCommitRequest.OffsetCommitRequestTopic()
        topic.topicID = key.place.topic
        topic.partitions = [partition]
        var request = OffsetCommitRequest()
        request.groupID = group
        request.topics = [topic]
        history.promise.groups.commits(key, offset)
        try send(request, 10) { [unowned self] reply in
            guard let part = reply.topics.first?.partitions.first else {
                throw violated("a commit is answered without a partition")
            }
            let error = ErrorCode(of: part.errorCode)
            if error == .none {
                history.promise.groups.committed(key, offset)
            } else {
                history.tell("\(name): \(error)")
            }
        }
    }

    private func look(_ key: OffsetKey) throws {
        try send(OffsetFetchRequest(key), 10) { [unowned self] reply in
            guard let error = try reply.offset(of: key, in: history.promise.groups) else { return }
            history.tell("\(name): \(error)")
        }
    }
}

extension OffsetFetchRequest {
    /// Looks up one offset.
    init(_ key: OffsetKey, isStable: Bool = true) {
        self.init()
        var topic = OffsetFetchRequestTopics()
        topic.topicID = key.place.topic
        topic.partitionIndexes = [key.place.index]
        var asked = OffsetFetchRequestGroup()
        asked.groupID = key.group
        asked.topics = [topic]
        groups = [asked]
        requireStable = isStable
    }
}

extension OffsetFetchResponse {
    /// Compares the offset with what was promised; an error instead.
    func offset(of key: OffsetKey, in promises: GroupPromises) throws -> ErrorCode? {
        let found = try look()
        guard found.error == .none else { return found.error }
        try promises.check(key, found.offset)
        return nil
    }

    /// The one offset that was asked for.
    func look() throws -> (error: ErrorCode, offset: Int64) {
        guard let group = groups.first else {
            throw Violation(description: "an offset is answered without a group")
        }
        guard group.errorCode == 0 else { return (ErrorCode(of: group.errorCode), -1) }
        guard let part = group.topics.first?.partitions.first else {
            throw Violation(description: "an offset is answered without a partition")
        }
        return (ErrorCode(of: part.errorCode), part.committedOffset)
    }
}
