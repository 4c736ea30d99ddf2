// The steps of a sequence: what a producer does, in versions old and new, mostly right and sometimes not.
import Base
import Protocol
import Records
import Simulation
import TestSupport

extension TransactionSequence {
    /// One request of the producer at `index`, or what somebody asks about it.
    mutating func step(_ index: Int) throws {
        if producers[index].name.isEmpty { return try initialize(index) }
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<7: try initialize(index)
        case 7..<21: try addPartitions(index)
        case 21..<46: try produce(index)
        case 46..<52: try addOffsets(index)
        case 52..<61: try commitOffsets(index)
        case 61..<81: try end(index)
        case 81..<87: try fetch()
        case 87..<90: try listOffsets()
        case 90..<93: try describe(index)
        case 93..<95: try describeProducers()
        case 95..<97: try list(index)
        default: try fetchOffsets()
        }
    }

    /// Who the producer at `index` says that it is: mostly itself.
    private mutating func identity(_ index: Int) -> (name: String, epoch: Int64) {
        let producer = producers[index]
        let name = random.chance(95) ? producer.name : random.pick(["nobody", producers[1 - index].name])
        let epoch = random.chance(92) ? producer.epoch : producer.epoch + random.pick([-1, 1])
        return (name, max(0, epoch))
    }

    private mutating func transactionalID(_ index: Int) -> String {
        random.chance(96)
            ? producers[index].transactionalID
            : random.pick(["unknown", "", producers[1 - index].transactionalID])
    }

    private mutating func partitions() -> JSONValue { random.pick([[0], [1], [0, 1], [0], [1], [0, 7]]) }

    private mutating func topicName() -> JSONValue { .string(random.chance(95) ? topic : "missing") }

    private mutating func initialize(_ index: Int) throws {
        let version: Int16 = random.pick([0, 1, 2, 3, 4, 5])
        let id = transactionalID(index)
        let timeout = random.pick([60_000, 60_000, 60_000, 60_000, 900_000, 900_001, 0, -1] as [JSONValue])
        // With an identity of its own it goes on where it was (KIP-360).
        let own = version >= 3 && random.chance(40) ? identity(index) : nil
        let reply = try ask(.initProducerID, version) { peer in
            [
                "transactionalId": .string(id), "transactionTimeoutMs": timeout,
                "producerId": .integer(own.map { peer.id($0.name) } ?? -1),
                "producerEpoch": .integer(own?.epoch ?? -1),
            ]
        }
        guard let reply, reply["errorCode"] == 0 else { return }
        guard let heir = producers.firstIndex(where: { $0.transactionalID == id }) else { return }
        adopt(reply, by: heir)
    }

    /// Has the producer at `index` be who the broker says.
    private mutating func adopt(_ reply: JSONValue, by index: Int) {
        guard let name = reply["producerId"]?.text, let epoch = reply["producerEpoch"]?.integer, epoch >= 0
        else {
            return
        }
        if (name, epoch) != (producers[index].name, producers[index].epoch) {
            producers[index].sequences = [:]
        }
        (producers[index].name, producers[index].epoch) = (name, epoch)
    }

    private mutating func addPartitions(_ index: Int) throws {
        let (id, identity) = (transactionalID(index), identity(index))
        let topics: JSONValue = [["name": topicName(), "partitions": partitions()]]
        let (isBatched, verifies) = (random.chance(30), random.chance(30))
        try ask(.addPartitionsToTxn, isBatched ? random.pick([4, 5]) : random.pick([0, 1, 2, 3])) { peer in
            let producer = JSONValue.integer(peer.id(identity.name))
            return [
                "transactions": [
                    [
                        "transactionalId": .string(id), "producerId": producer,
                        "producerEpoch": .integer(identity.epoch), "verifyOnly": .bool(verifies),
                        "topics": topics,
                    ]
                ],
                "v3AndBelowTransactionalId": .string(id), "v3AndBelowProducerId": producer,
                "v3AndBelowProducerEpoch": .integer(identity.epoch), "v3AndBelowTopics": topics,
            ]
        }
    }

    private mutating func produce(_ index: Int) throws {
        let (id, identity) = (transactionalID(index), identity(index))
        let partition = random.pick([0, 1])
        let next = producers[index].sequences[partition] ?? 0
        let mayErr = !producers[index].wasOld || producers[index].sequences[partition] != nil
        let sequence = random.chance(92) || !mayErr ? next : max(0, next + random.pick([-1, 1, -2]))
        let isTransactional = random.chance(96)
        let name = topicName()
        let version: Int16 = random.pick([3, 5, 7, 8, 9, 11, 12, 12, 12, 12])
        producers[index].wasOld = producers[index].wasOld || version < 12
        let reply = try ask(.produce, version) { peer in
            var options = BatchOptions()
            options.producerID = ProducerID(peer.id(identity.name))
            options.producerEpoch = Int16(clamping: identity.epoch)
            options.baseSequence = Int32(clamping: sequence)
            options.isTransactional = isTransactional
            var builder = BatchBuilder(options)
            builder.append(timestamp: Timestamp(milliseconds: 1_700_000_000_000), key: nil, value: [1])
            let batch = JSONValue.string(Base64.encode(try builder.finish()))
            return [
                "transactionalId": isTransactional ? .string(id) : nil, "acks": -1, "timeoutMs": 10_000,
                "topicData": [
                    [
                        "name": name,
                        "partitionData": [["index": .integer(Int64(partition)), "records": batch]],
                    ]
                ],
            ]
        }
        let answer = reply?["responses"]?.elements.first?["partitionResponses"]?.elements.first
        if answer?["errorCode"] == 0, sequence == next, identity.name == producers[index].name,
            identity.epoch == producers[index].epoch
        {
            producers[index].sequences[partition] = next + 1
        }
    }

    private mutating func addOffsets(_ index: Int) throws {
        let (id, identity) = (transactionalID(index), identity(index))
        let group = JSONValue.string(random.chance(95) ? group : "")
        try ask(.addOffsetsToTxn, random.pick([0, 1, 2, 3, 4])) { peer in
            [
                "transactionalId": .string(id), "producerId": .integer(peer.id(identity.name)),
                "producerEpoch": .integer(identity.epoch), "groupId": group,
            ]
        }
    }

    private mutating func commitOffsets(_ index: Int) throws {
        let (id, identity) = (transactionalID(index), identity(index))
        let isMember = random.chance(10)
        let offset = Int64.random(in: 0..<100, using: &random)
        let topics: JSONValue = [
            [
                "name": topicName(),
                "partitions": [
                    ["partitionIndex": random.pick([0, 1, 7]), "committedOffset": .integer(offset)]
                ],
            ]
        ]
        try ask(.txnOffsetCommit, random.pick([0, 1, 2, 3, 4, 5, 5, 5])) { [group] peer in
            [
                "transactionalId": .string(id), "groupId": .string(group),
                "producerId": .integer(peer.id(identity.name)), "producerEpoch": .integer(identity.epoch),
                "generationId": isMember ? 3 : -1, "memberId": isMember ? "somebody" : "", "topics": topics,
            ]
        }
    }

    private mutating func end(_ index: Int) throws {
        let (id, identity) = (transactionalID(index), identity(index))
        let isCommitted = random.chance(60)
        let picked: Int16 = random.pick([0, 1, 2, 3, 4, 5, 5, 5, 5, 5])
        // What is no repetition of an end by the rules of version 1 Kafka takes for one (GAPS.md).
        let isFenced = producers[index].hasEndedOld && identity.epoch < producers[index].epoch
        let version = isFenced ? min(picked, 4) : picked
        let reply = try ask(.endTxn, version) { peer in
            [
                "transactionalId": .string(id), "producerId": .integer(peer.id(identity.name)),
                "producerEpoch": .integer(identity.epoch), "committed": .bool(isCommitted),
            ]
        }
        if let reply, reply["errorCode"] == 0, identity.name == producers[index].name {
            adopt(reply, by: index)
            producers[index].hasEndedOld = version < 5
        }
        // What readers and groups are told depends on whether the markers are written.
        for peer in peers { try peer.awaitEnd(of: producers[index].transactionalID) }
    }
}

// MARK: - What is asked about them

extension TransactionSequence {
    private mutating func fetch() throws {
        let isolation = JSONValue.integer(random.pick([0, 1, 1]))
        let partitions: JSONValue = .array(
            [0, 1].map { ["partition": $0, "fetchOffset": 0, "partitionMaxBytes": 1_048_576] })
        try ask(.fetch, random.pick([4, 7, 11, 12])) { [topic] _ in
            [
                "maxWaitMs": 0, "minBytes": 0, "maxBytes": 1_048_576, "isolationLevel": isolation,
                "sessionEpoch": -1,
                "topics": [["topic": .string(topic), "partitions": partitions]],
            ]
        }
    }

    private mutating func listOffsets() throws {
        let isolation = JSONValue.integer(random.pick([0, 1]))
        try ask(.listOffsets, random.pick([2, 5, 7, 10])) { [topic] _ in
            [
                "replicaId": -1, "isolationLevel": isolation,
                "topics": [
                    [
                        "name": .string(topic),
                        "partitions": .array([0, 1].map { ["partitionIndex": $0, "timestamp": -1] }),
                    ]
                ],
            ]
        }
    }

    private mutating func describe(_ index: Int) throws {
        let ids = [
            producers[index].transactionalID, random.chance(50) ? "unknown" : "", transactionalID(index),
        ]
        let asked = JSONValue.array(ids.prefix(random.chance(60) ? 1 : 3).map { .string($0) })
        try ask(.describeTransactions, 0) { _ in ["transactionalIds": asked] }
    }

    private mutating func describeProducers() throws {
        try ask(.describeProducers, 0) { [topic] _ in
            ["topics": [["name": .string(topic), "partitionIndexes": [0, 1, 7]]]]
        }
    }

    private mutating func list(_ index: Int) throws {
        let producer = producers[index]
        let states: JSONValue = random.pick([[], [], ["Ongoing"], ["CompleteCommit", "Empty"], ["Nonsense"]])
        let duration: JSONValue = random.pick([-1, -1, 0, 3_600_000])
        let pattern: JSONValue? = random.pick([
            nil, .string("producer-.*"), .string("nobody.*"), .string("("),
        ])
        // Without a name every sequence's would be listed.
        try ask(.listTransactions, random.pick([0, 1, 2])) { peer in
            [
                "stateFilters": states, "producerIdFilters": [.integer(peer.id(producer.name))],
                "durationFilter": duration, "transactionalIdPattern": pattern ?? nil,
            ]
        }
    }

    private mutating func fetchOffsets() throws {
        let isStable = JSONValue.bool(random.chance(60))
        let (group, topic) = (JSONValue.string(group), JSONValue.string(topic))
        try ask(.offsetFetch, random.pick([7, 8, 9])) { _ in
            [
                "groupId": group, "topics": [["name": topic, "partitionIndexes": [0, 1]]],
                "groups": [["groupId": group, "topics": [["name": topic, "partitionIndexes": [0, 1]]]]],
                "requireStable": isStable,
            ]
        }
    }
}
