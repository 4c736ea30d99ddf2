// The records of the metadata log as values. On disk each is an unsigned varint 1 (the frame version), the
// record's type and version as varints, then the message (KIP-631).
internal import Base
package import Protocol
internal import Records

/// A record of `__cluster_metadata`.
package enum MetadataRecord: Sendable {
    case registerBroker(RegisterBrokerRecord)
    case unregisterBroker(UnregisterBrokerRecord)
    case topic(TopicRecord)
    case partition(PartitionRecord)
    case config(ConfigRecord)
    case partitionChange(PartitionChangeRecord)
    case removeTopic(RemoveTopicRecord)
    case userScramCredential(UserScramCredentialRecord)
    case featureLevel(FeatureLevelRecord)
    case clientQuota(ClientQuotaRecord)
    case producerIDs(ProducerIdsRecord)
    case brokerRegistrationChange(BrokerRegistrationChangeRecord)
    case accessRule(AccessControlEntryRecord)
    case removeAccessRule(RemoveAccessControlEntryRecord)
    case noOp
    case removeUserScramCredential(RemoveUserScramCredentialRecord)
    case beginTransaction
    case endTransaction
    case abortTransaction
    /// A type that has no effect here, as it stands in the log.
    case unmodelled(type: UInt32, value: [UInt8])

    /// Why a record cannot be read.
    package enum Unreadable: Error {
        case damaged
        /// Written by a later version in a way that this one cannot know.
        case newerFormat(type: UInt32, version: UInt32)
    }
}

extension MetadataRecord {
    private static let frameVersion: UInt64 = 1

    /// Reads the value of a record of the log.
    package init(reading value: RawSpan) throws(Unreadable) {
        var reader = ByteReader(value)
        let frame, type, version: UInt32
        do throws(ByteError) {
            frame = try reader.unsignedVarint()
            type = try reader.unsignedVarint()
            version = try reader.unsignedVarint()
        } catch {
            throw .damaged
        }
        guard frame == UInt32(Self.frameVersion) else { throw .newerFormat(type: type, version: version) }
        let body = value.extracting(reader.position..<value.byteCount)
        do throws(WireError) {
            self =
                try Self.decode(type: type, version: Int16(clamping: version), body)
                ?? .unmodelled(type: type, value: value.copy(0..<value.byteCount))
        } catch {
            throw .damaged
        }
    }

    private static func decode(type: UInt32, version: Int16, _ body: RawSpan) throws(WireError)
        -> MetadataRecord?
    {
        switch type {
        case 0: .registerBroker(try RegisterBrokerRecord(reading: body, version: version))
        case 1: .unregisterBroker(try UnregisterBrokerRecord(reading: body, version: version))
        case 2: .topic(try TopicRecord(reading: body, version: version))
        case 3: .partition(try PartitionRecord(reading: body, version: version))
        case 4: .config(try ConfigRecord(reading: body, version: version))
        case 5: .partitionChange(try PartitionChangeRecord(reading: body, version: version))
        case 9: .removeTopic(try RemoveTopicRecord(reading: body, version: version))
        case 11: .userScramCredential(try UserScramCredentialRecord(reading: body, version: version))
        case 12: .featureLevel(try FeatureLevelRecord(reading: body, version: version))
        case 14: .clientQuota(try ClientQuotaRecord(reading: body, version: version))
        case 15: .producerIDs(try ProducerIdsRecord(reading: body, version: version))
        case 17:
            .brokerRegistrationChange(try BrokerRegistrationChangeRecord(reading: body, version: version))
        case 18: .accessRule(try AccessControlEntryRecord(reading: body, version: version))
        case 19: .removeAccessRule(try RemoveAccessControlEntryRecord(reading: body, version: version))
        case 20: .noOp
        case 22:
            .removeUserScramCredential(
                try RemoveUserScramCredentialRecord(reading: body, version: version))
        case 23: .beginTransaction
        case 24: .endTransaction
        case 25: .abortTransaction
        default: nil
        }
    }

    /// The value of the record as the log has it.
    package func encoded() throws(WireError) -> [UInt8] {
        var writer = ByteWriter(capacity: 64)
        switch self {
        case .registerBroker(let record): try write(record, type: 0, version: 4, into: &writer)
        case .unregisterBroker(let record): try write(record, type: 1, version: 0, into: &writer)
        case .topic(let record): try write(record, type: 2, version: 0, into: &writer)
        case .partition(let record): try write(record, type: 3, version: 2, into: &writer)
        case .config(let record): try write(record, type: 4, version: 0, into: &writer)
        case .partitionChange(let record): try write(record, type: 5, version: 2, into: &writer)
        case .removeTopic(let record): try write(record, type: 9, version: 0, into: &writer)
        case .userScramCredential(let record): try write(record, type: 11, version: 0, into: &writer)
        case .featureLevel(let record): try write(record, type: 12, version: 0, into: &writer)
        case .clientQuota(let record): try write(record, type: 14, version: 0, into: &writer)
        case .producerIDs(let record): try write(record, type: 15, version: 0, into: &writer)
        case .brokerRegistrationChange(let record): try write(record, type: 17, version: 3, into: &writer)
        case .accessRule(let record): try write(record, type: 18, version: 0, into: &writer)
        case .removeAccessRule(let record): try write(record, type: 19, version: 0, into: &writer)
        case .noOp: try write(NoOpRecord(), type: 20, version: 0, into: &writer)
        case .removeUserScramCredential(let record):
            try write(record, type: 22, version: 0, into: &writer)
        case .beginTransaction: try write(BeginTransactionRecord(), type: 23, version: 0, into: &writer)
        case .endTransaction: try write(EndTransactionRecord(), type: 24, version: 0, into: &writer)
        case .abortTransaction: try write(AbortTransactionRecord(), type: 25, version: 0, into: &writer)
        case .unmodelled(_, let value): return value
        }
        return writer.bytes
    }

    private func write(
        _ record: some Message, type: UInt64, version: Int16, into writer: inout ByteWriter
    ) throws(WireError) {
        writer.unsignedVarint(Self.frameVersion)
        writer.unsignedVarint(type)
        writer.unsignedVarint(UInt64(version))
        try record.write(into: &writer, version: version)
    }
}
