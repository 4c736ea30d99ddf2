// A client that sends odd frames, several on a connection, and reads the replies, or not.
import Base
import Foundation
import Protocol
import Simulation
import TestSupport

struct FuzzAttacker {
    private let round: FuzzRound
    private let peer: ComparedPeer
    private var world: RequestWorld
    private var random: SeededRandom
    private var seed: UInt64
    /// Connections that are kept open without reading what comes.
    private var held: [WireConnection] = []
    private static let heldMax = 5

    /// Keys that are served, some of them more often: they change something.
    private static let keys: [APIKey] = [
        .produce, .fetch, .listOffsets, .metadata, .offsetCommit, .offsetFetch, .findCoordinator, .joinGroup,
        .heartbeat, .leaveGroup, .syncGroup, .describeGroups, .listGroups, .apiVersions, .createTopics,
        .deleteTopics, .deleteRecords, .initProducerID, .offsetForLeaderEpoch, .deleteGroups, .offsetDelete,
        .describeCluster, .consumerGroupHeartbeat, .consumerGroupDescribe,
    ]

    init(_ round: FuzzRound, seed: UInt64, number: UInt64) {
        self.round = round
        self.seed = seed
        peer = ComparedPeer(port: round.port)
        // Worlds are few, so that attackers meet in them, also those of earlier starts.
        world = RequestWorld(seed: number / 2)
        random = SeededRandom(seed: seed)
    }

    mutating func run() {
        try? makeWorld()
        while !round.isOver {
            do {
                if random.chance(2) { try makeWorld() }
                try attack()
            } catch {
                // Whoever is odd may be thrown out; a broker that is not there is noticed by others.
                pause(milliseconds: 5)
            }
        }
    }

    /// What the requests are about, as far as it is not there.
    private mutating func makeWorld() throws {
        world.memberEpoch = 1
        for step in world.beginning {
            guard let reply = try peer.ask(step.key, step.version, step.request, milliseconds: 200) else {
                peer.drop()
                continue
            }
            peer.names.learn(reply)
            world.learn(step.key, step.request, [reply], [peer])
        }
    }

    private mutating func attack() throws {
        let connection = try WireConnection(port: round.port, seconds: 2)
        let count = random.pick([1, 1, 4, 30])
        for _ in 0..<count {
            try connection.send(try frame())
            round.count(frames: 1)
        }
        switch random.pick([0, 0, 0, 1, 2]) {
        case 0:
            for _ in 0..<count {
                guard connection.waitUntilReadable(milliseconds: 50) else { break }
                _ = try connection.receive()
                round.count(replies: 1)
            }
        case 1: break
        default:
            held.append(connection)
            if held.count > Self.heldMax { held.removeFirst() }
        }
    }

    private mutating func frame() throws -> [UInt8] {
        seed &+= 1
        let key = random.pick(random.chance(97) ? Self.keys : APIKey.allCases)
        guard Self.keys.contains(key) else { return try unserved(key) }
        let versions = key.served ?? 0...0
        var version = Int16.random(in: versions, using: &random)
        var bases = RequestBases(world: world, version: version, random: random)
        let base = bases.request(key) ?? .object([])
        random = bases.random
        if random.chance(1) { version = random.pick([-1, versions.upperBound + 1, .max]) }
        let odd = OddFrame(
            key: key, version: version, base: base, seed: seed, oddFields: random.pick([0, 1, 1, 2, 4, 8]),
            oddity: random.chance(5) ? random.pick(OddFrame.FrameOddity.allCases) : nil)
        let own = [world.written, world.compacted, world.empty, world.gone, world.member, world.instance]
        let ids = own.map { UUID(peer.names.ids["$id " + $0]?.text ?? "") ?? .zero }
        let values = OddValues(prefix: world.prefix, known: own + world.groups, ids: ids)
        return try odd.bytes(Int32(truncatingIfNeeded: seed), peer.names.resolved(base), values).bytes
    }

    /// A request that the broker does not serve, filled with anything.
    private func unserved(_ key: APIKey) throws -> [UInt8] {
        guard let type = key.requestType, let versions = key.served else { return [0, 4, 0, 0, 0, 0, 0, 1] }
        func filled<Request: RequestMessage>(_ type: Request.Type) throws -> [UInt8] {
            let version = versions.upperBound
            let message = try MessageFiller.message(type, version: version, seed: seed)
            return Array(
                try message.frame(correlationID: 1, clientID: "odd", version: version).bytes.dropFirst(4))
        }
        return try filled(type)
    }
}
