// The files OFFSET.txnindex: the aborted transactions of a segment, in Kafka's format.
internal import Base
package import Storage

/// The format of a `.txnindex`: entries of int16 version 0, then int64 producer id, first offset, last
/// offset and last stable offset.
package enum TransactionIndexFile {
    /// The end of the file's name.
    package static let suffix = ".txnindex"
    /// Bytes of an entry.
    package static let entryBytes = 34

    /// The bytes of `entries`.
    package static func bytes(_ entries: some Collection<AbortedTransaction>) -> [UInt8] {
        var writer = ByteWriter(capacity: entries.count * entryBytes)
        for entry in entries {
            writer.integer(Int16(0))
            writer.integer(entry.producerID.value)
            writer.integer(entry.first.value)
            writer.integer(entry.last.value)
            writer.integer(entry.lastStable.value)
        }
        return writer.bytes
    }

    /// The entries in `bytes`, ascending by marker; nil if the file is damaged or of another version.
    package static func entries(in bytes: [UInt8]) -> [AbortedTransaction]? {
        guard bytes.count % entryBytes == 0 else { return nil }
        var reader = ByteReader(bytes.rawSpan)
        var entries: [AbortedTransaction] = []
        do throws(ByteError) {
            while reader.remaining > 0 {
                guard try reader.integer(Int16.self) == 0 else { return nil }
                let producer = ProducerID(try reader.integer())
                let entry = AbortedTransaction(
                    producerID: producer, first: Offset(try reader.integer()),
                    last: Offset(try reader.integer()), lastStable: Offset(try reader.integer()))
                guard entry.first >= .zero, entry.first < entry.last,
                    entry.last > entries.last?.last ?? Offset(-1)
                else { return nil }
                entries.append(entry)
            }
        } catch { return nil }
        return entries
    }
}
