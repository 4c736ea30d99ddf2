// The records of `__transaction_state`: the whole state of one transactional id each, or no value, where the
// id is forgotten.
internal import Base
package import Protocol

/// A record of a transaction coordinator's log.
package struct TransactionRecord: Sendable {
    package let key: TransactionLogKey
    package let value: TransactionLogValue?
    /// The version in which the value is written.
    private let version: Int16

    init(_ key: TransactionLogKey, _ value: TransactionLogValue?, version: Int16) {
        self.key = key
        self.value = value
        self.version = version
    }
}

extension TransactionRecord: ShardRecord {
    package init?(key: [UInt8], value: [UInt8]?) throws(ShardRecordError) {
        guard key.count >= 2 else { throw ShardRecordError("a key of \(key.count) bytes") }
        let kind = Int16(bitPattern: UInt16(key[0]) << 8 | UInt16(key[1]))
        guard kind == TransactionLogKey.recordType else { return nil }
        do throws(WireError) {
            self.key = try TransactionLogKey(reading: unsafe key.span.bytes, from: 2, version: 0)
            self.value = try value.map { v throws(WireError) in try TransactionLogValue(versioned: v) }
        } catch {
            throw ShardRecordError("a transaction that cannot be read: \(error)")
        }
        version = TransactionLogValue.versions.range.upperBound
        guard let status = self.value?.transactionStatus else { return }
        switch TransactionState(rawValue: status) {
        case nil, .dead, .prepareEpochFence:
            throw ShardRecordError("a transaction in a state that none is kept in: \(status)")
        case .empty, .ongoing, .prepareCommit, .prepareAbort, .completeCommit, .completeAbort: break
        }
    }

    package func encoded() throws(ShardRecordError) -> (key: [UInt8], value: [UInt8]?) {
        do throws(WireError) {
            return (try key.keyBytes(), try value?.valueBytes(version: version))
        } catch {
            throw ShardRecordError("a transaction that cannot be written: \(error)")
        }
    }
}
