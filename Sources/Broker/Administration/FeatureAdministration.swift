// What the cluster runs at, and who belongs to it, is changed as far as one node can.
internal import Base
internal import Network
internal import Storage

internal import enum Protocol.ErrorCode

extension Administration {
    /// Gives features other levels, all or none, or with `validateOnly` checks whether it could; complete
    /// when that is durable.
    ///
    /// The answer is given why it was not done.
    func updateFeatures<Reply: Sendable>(
        _ updates: [FeatureUpdate], validateOnly: Bool, answer: @escaping @Sendable (Refusal?) -> Reply
    ) -> Deferred<Reply> {
        let reply = Deferred<Reply>()
        let (catalog, nodeID) = (broker.catalog, broker.nodeID)
        catalog.alter(validateOnly: validateOnly) { image in
            var plan = FeaturePlan(
                image, kraftVersion: catalog.metadata.quorum.kraftVersion, nodeID: nodeID)
            var refusal: Refusal?
            do throws(Refusal) { try plan.add(updates) } catch { refusal = error }
            return MetadataAlteration(records: refusal == nil ? plan.records : [], result: refusal)
        } then: { [self] result in
            switch result {
            case .success(let refusal):
                if refusal == nil, !validateOnly { log(updates) }
                reply.complete(answer(refusal))
            case .failure(let refusal): reply.complete(answer(refusal))
            }
        }
        return DiskWait.limited(reply, on: loop) { answer(.outOfTime) }
    }

    private func log(_ updates: [FeatureUpdate]) {
        for update in updates {
            broker.logger.logLimited(
                .info, "feature.updated",
                ["name": update.name.text, "level": "\(update.level)", "by": requester])
        }
    }

    /// Why the broker `id` is not taken from the cluster: there is no other one.
    func unregisterBroker(_ id: Int32) -> Refusal {
        guard id == broker.nodeID else {
            return Refusal(
                code: .brokerIDNotRegistered, message: "Broker ID \(id) is not currently registered")
        }
        return .invalidRequest("Broker ID \(id) is the only one of this cluster, and stays in it.")
    }
}

// MARK: - Voters

/// A node that votes in the metadata quorum, or is to (KIP-853).
struct Voter: Sendable {
    let id: Int32
    let directory: UUID
    /// Hosts and ports, by names of listeners.
    var listeners: [(name: Name, host: String, port: UInt16)] = []
}

extension Administration {
    /// Why `voter` does not join the quorum: it has one voter, this node.
    func addVoter(_ voter: Voter, ofCluster cluster: Name?) -> Refusal {
        if let refusal = refusal(ofCluster: cluster, voter, "Add") { return refusal }
        let names = voter.listeners.map { Name($0.name.text.uppercased()) }
        guard names.contains(Self.controllerListener) else {
            let endpoints = Dictionary(zip(names, voter.listeners), uniquingKeysWith: { $1 }).sorted {
                $0.key < $1.key
            }.map { name, listener in
                "ListenerName(\(name))=\(listener.host)/<unresolved>:\(listener.port)"
            }
            return .invalidRequest(
                "Add voter request didn't include the endpoint (Endpoints(endpoints={"
                    + "\(endpoints.joined(separator: ", "))})) for the default listener "
                    + "ListenerName(\(Self.controllerListener))")
        }
        if let refusal = refusalOfConfiguredQuorum("adding") { return refusal }
        guard voter.id != broker.nodeID else {
            return Refusal(
                code: .duplicateVoter,
                message: "The voter id for \(voter) is already part of the set of voters [\(ownVoter)].")
        }
        return Refusal(
            code: .unsupportedVersion, message: "This node is the only voter of its cluster, and stays so")
    }

    /// Why `voter` does not leave the quorum: it is not in it, or the only one.
    func removeVoter(_ voter: Voter, ofCluster cluster: Name?) -> Refusal {
        if let refusal = refusal(ofCluster: cluster, voter, "Remove") { return refusal }
        if let refusal = refusalOfConfiguredQuorum("removing") { return refusal }
        return Refusal(
            code: .voterNotFound,
            message: "Cannot remove voter \(voter) from the set of voters [\(ownVoter)]")
    }

    /// What Kafka calls the listener of its controllers unless it is told otherwise; there is none here.
    private static let controllerListener: Name = "CONTROLLER"

    private var ownVoter: Voter {
        Voter(id: broker.nodeID, directory: broker.storage.metadata.directoryID)
    }

    private func refusal(ofCluster cluster: Name?, _ voter: Voter, _ verb: String) -> Refusal? {
        if let cluster, cluster != broker.clusterID {
            return Refusal(
                code: .inconsistentClusterID,
                message: "The given id \"\(cluster)\" doesn't match the cluster id \"\(broker.clusterID)\"")
        }
        guard voter.id >= 0, voter.directory != .zero else {
            return .invalidRequest("\(verb) voter request didn't include a valid voter")
        }
        return nil
    }

    private func refusalOfConfiguredQuorum(_ verb: String) -> Refusal? {
        guard broker.catalog.metadata.quorum.kraftVersion == 0 else { return nil }
        return Refusal(
            code: .unsupportedVersion,
            message: "Cluster doesn't support \(verb) voter because the kraft.version feature is 0")
    }
}

extension Voter: CustomStringConvertible {
    /// As Kafka spells it.
    var description: String { "ReplicaKey(id=\(id), directoryId=\(directory))" }
}
