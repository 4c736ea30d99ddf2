// Planted bugs in what clients are told.
import Base
import Protocol

extension BrokerBug {
    /// What a client is told instead of `reply`.
    func altered<Reply: ReplyMessage>(_ reply: Reply, in history: BrokerHistory) -> Reply {
        let isRestarted = history.crashes > 0
        switch self {
        case .producerIDsReused:
            return changed(reply) { (reply: inout InitProducerIdResponse) in
                if reply.errorCode == 0 { reply.producerID %= 1000 }
            }
        case .watermarkBehind: return changed(reply, hideEnd)
        case .offsetBehind where isRestarted: return changed(reply, forgetCommit)
        case .generationReused where isRestarted:
            return changed(reply) { (reply: inout JoinGroupResponse) in reply.generationID -= 1 }
        case .groupNeverStable:
            return changed(reply) { (reply: inout HeartbeatResponse) in
                reply.errorCode = ErrorCode.rebalanceInProgress.rawValue
            }
        case .epochGoesBack where isRestarted:
            return changed(reply) { (reply: inout ConsumerGroupHeartbeatResponse) in reply.memberEpoch -= 1 }
        case .twoOwners:
            return changed(reply) { (reply: inout ConsumerGroupHeartbeatResponse) in
                if reply.assignment != nil { reply.assignment = .everything(history.promise.places) }
            }
        case .topicComesBack: return changed(reply) { bringBack(&$0, history.promise) }
        case .configForgotten where isRestarted: return changed(reply, forgetConfig)
        case .stableTooEarly:
            return changed(reply) { alterParts(&$0) { $0.lastStableOffset = $0.highWatermark } }
        case .abortsForgotten where isRestarted:
            return changed(reply) { alterParts(&$0) { $0.abortedTransactions = [] } }
        case .abortsLate:
            return changed(reply) { alterParts(&$0) { _ = $0.abortedTransactions?.popLast() } }
        case .offsetsTooEarly: return changed(reply) { showPending(&$0, history.promise.transactions) }
        default: return reply
        }
    }

    /// The reply after `body`, if it is of that kind.
    private func changed<Reply, Kind>(_ reply: Reply, _ body: (inout Kind) -> Void) -> Reply {
        guard var kind = reply as? Kind else { return reply }
        body(&kind)
        return kind as? Reply ?? reply
    }

    private func hideEnd(_ reply: inout FetchResponse) {
        for topic in reply.responses.indices {
            for part in reply.responses[topic].partitions.indices
            where reply.responses[topic].partitions[part].records.count > 0 {
                reply.responses[topic].partitions[part].highWatermark -= 1
            }
        }
    }

    private func alterParts(
        _ reply: inout FetchResponse, _ body: (inout FetchResponse.PartitionData) -> Void
    ) {
        for topic in reply.responses.indices {
            for part in reply.responses[topic].partitions.indices
            where reply.responses[topic].partitions[part].errorCode == 0 {
                body(&reply.responses[topic].partitions[part])
            }
        }
    }

    private func showPending(_ reply: inout OffsetFetchResponse, _ transactions: TransactionPromises) {
        for group in reply.groups.indices {
            for topic in reply.groups[group].topics.indices {
                for part in reply.groups[group].topics[topic].partitions.indices {
                    let place = Place(
                        topic: reply.groups[group].topics[topic].topicID,
                        index: reply.groups[group].topics[topic].partitions[part].partitionIndex)
                    let key = OffsetKey(group: reply.groups[group].groupID, place: place)
                    guard let pending = transactions.all.last(where: { $0.offsets[key] != nil }) else {
                        continue
                    }
                    reply.groups[group].topics[topic].partitions[part].committedOffset =
                        pending.offsets[key] ?? -1
                }
            }
        }
    }

    private func forgetCommit(_ reply: inout OffsetFetchResponse) {
        for group in reply.groups.indices {
            for topic in reply.groups[group].topics.indices {
                for part in reply.groups[group].topics[topic].partitions.indices
                where reply.groups[group].topics[topic].partitions[part].committedOffset > 0 {
                    reply.groups[group].topics[topic].partitions[part].committedOffset -= 1
                }
            }
        }
    }

    private func bringBack(_ reply: inout MetadataResponse, _ promise: BrokerPromise) {
        for gone in promise.allTopics where gone.life == .deleted {
            var topic = MetadataResponse.MetadataResponseTopic()
            topic.name = gone.name
            topic.topicID = gone.id
            reply.topics.append(topic)
        }
    }

    private func forgetConfig(_ reply: inout DescribeConfigsResponse) {
        for result in reply.results.indices {
            for config in reply.results[result].configs.indices {
                reply.results[result].configs[config].value = "604800000"
            }
        }
    }
}

extension ConsumerGroupHeartbeatResponse.Assignment {
    /// All of `places`.
    fileprivate static func everything(_ places: [Place]) -> Self {
        var assignment = Self()
        for place in places {
            var topic = ConsumerGroupHeartbeatResponse.TopicPartitions()
            topic.topicID = place.topic
            topic.partitions = [place.index]
            assignment.topicPartitions.append(topic)
        }
        return assignment
    }
}
