// The records of `__consumer_offsets`, both kinds of groups and their offsets in one log. The key's first two
// bytes say which kind it is, the value's which version; a record without a value takes back what its key
// named.
internal import Base
package import Protocol

/// A record of a group coordinator's log.
package enum GroupRecord: Sendable {
    case offsetCommit(OffsetCommitKey, OffsetCommitValue?)
    case classicGroup(GroupMetadataKey, GroupMetadataValue?)
    case consumerGroup(ConsumerGroupMetadataKey, ConsumerGroupMetadataValue?)
    /// No longer written by Kafka, but found in logs of older versions and taken back there.
    case consumerPartitions(ConsumerGroupPartitionMetadataKey, ConsumerGroupPartitionMetadataValue?)
    case consumerMember(ConsumerGroupMemberMetadataKey, ConsumerGroupMemberMetadataValue?)
    case consumerTarget(
        ConsumerGroupTargetAssignmentMetadataKey, ConsumerGroupTargetAssignmentMetadataValue?)
    case consumerTargetMember(
        ConsumerGroupTargetAssignmentMemberKey, ConsumerGroupTargetAssignmentMemberValue?)
    case consumerCurrent(
        ConsumerGroupCurrentMemberAssignmentKey, ConsumerGroupCurrentMemberAssignmentValue?)
    case consumerRegex(ConsumerGroupRegularExpressionKey, ConsumerGroupRegularExpressionValue?)
}

/// The versions in which Kafka 4.3 writes values.
private enum ValueVersion {
    static let classicGroup: Int16 = 3
    /// A commit that carries its own time of expiry can be written in version 1 only.
    static let expiringOffset: Int16 = 1
    /// Flexible, so that it can name the topic's id.
    static let offset: Int16 = 4
    static let offsetWithoutTopicID: Int16 = 3
    static let consumer: Int16 = 0
}

extension GroupRecord: ShardRecord {
    package init?(key: [UInt8], value: [UInt8]?) throws(ShardRecordError) {
        guard key.count >= 2 else { throw ShardRecordError("a key of \(key.count) bytes") }
        let kind = Int16(bitPattern: UInt16(key[0]) << 8 | UInt16(key[1]))
        do throws(WireError) {
            switch kind {
            case LegacyOffsetCommitKey.recordType, OffsetCommitKey.recordType:
                self = .offsetCommit(
                    try read(key), try value.map { v throws(WireError) in try readOffset(v) })
            case GroupMetadataKey.recordType: self = .classicGroup(try read(key), try read(value))
            case ConsumerGroupMetadataKey.recordType: self = .consumerGroup(try read(key), try read(value))
            case ConsumerGroupPartitionMetadataKey.recordType:
                self = .consumerPartitions(try read(key), try read(value))
            case ConsumerGroupMemberMetadataKey.recordType:
                self = .consumerMember(try read(key), try read(value))
            case ConsumerGroupTargetAssignmentMetadataKey.recordType:
                self = .consumerTarget(try read(key), try read(value))
            case ConsumerGroupTargetAssignmentMemberKey.recordType:
                self = .consumerTargetMember(try read(key), try read(value))
            case ConsumerGroupCurrentMemberAssignmentKey.recordType:
                self = .consumerCurrent(try read(key), try read(value))
            case ConsumerGroupRegularExpressionKey.recordType:
                self = .consumerRegex(try read(key), try read(value))
            default: return nil
            }
        } catch {
            throw ShardRecordError("a record of type \(kind) that cannot be read: \(error)")
        }
    }

    package func encoded() throws(ShardRecordError) -> (key: [UInt8], value: [UInt8]?) {
        do throws(WireError) {
            switch self {
            case .offsetCommit(let key, let value):
                return (try key.keyBytes(), try value?.valueBytes(version: Self.version(of: value)))
            case .classicGroup(let key, let value):
                return (try key.keyBytes(), try value?.valueBytes(version: ValueVersion.classicGroup))
            case .consumerGroup(let key, let value): return try write(key, value)
            case .consumerPartitions(let key, let value): return try write(key, value)
            case .consumerMember(let key, let value): return try write(key, value)
            case .consumerTarget(let key, let value): return try write(key, value)
            case .consumerTargetMember(let key, let value): return try write(key, value)
            case .consumerCurrent(let key, let value): return try write(key, value)
            case .consumerRegex(let key, let value): return try write(key, value)
            }
        } catch {
            throw ShardRecordError("a record that cannot be written: \(error)")
        }
    }

    private static func version(of offset: OffsetCommitValue?) -> Int16 {
        guard let offset else { return ValueVersion.offset }
        if offset.expireTimestamp >= 0 { return ValueVersion.expiringOffset }
        return offset.topicID == .zero ? ValueVersion.offsetWithoutTopicID : ValueVersion.offset
    }
}

/// Reads a key behind its two bytes of kind.
private func read<Key: RecordMessage>(_ key: [UInt8]) throws(WireError) -> Key {
    try Key(reading: unsafe key.span.bytes, from: 2, version: 0)
}

private func read<Value: RecordMessage>(_ value: [UInt8]?) throws(WireError) -> Value? {
    guard let value else { return nil }
    return try Value(versioned: value)
}

/// Fields that a version lacks keep their defaults, which mean "none".
private func readOffset(_ value: [UInt8]) throws(WireError) -> OffsetCommitValue {
    try OffsetCommitValue(versioned: value)
}

private func write(
    _ key: some RecordMessage, _ value: (some RecordMessage)?
) throws(WireError) -> (key: [UInt8], value: [UInt8]?) {
    (try key.keyBytes(), try value?.valueBytes(version: ValueVersion.consumer))
}
