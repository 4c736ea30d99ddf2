// Gives out producer ids from blocks of a thousand, as Kafka's controller does. A block is durable in the
// metadata log before the first of its ids is given out, so that no id is ever given out twice, crash or not.
package import Base
internal import Protocol

/// Allocates producer ids.
package final class ProducerIDs: Sendable {
    /// Ids in a block (Kafka's ProducerIdsBlock).
    static let blockSize: Int64 = 1000

    private let block = Lock<Range<Int64>>(0..<0)
    private let metadata: MetadataLog
    private let worker: SerialWorker
    private let nodeID: Int32

    /// An allocator that takes its blocks from `metadata`, on `worker`.
    package init(metadata: MetadataLog, worker: SerialWorker, nodeID: Int32) {
        self.metadata = metadata
        self.worker = worker
        self.nodeID = nodeID
    }

    /// The next id, or nil if the block is used up.
    func next() -> ProducerID? {
        block.withLock { block in
            guard let id = block.first else { return nil }
            block = block.dropFirst()
            return ProducerID(id)
        }
    }

    /// The next id, with a new block if need be; nil if that could not be written.
    ///
    /// `done` runs on the worker's thread.
    func nextAfterRefill(_ done: @escaping @Sendable (ProducerID?) -> Void) {
        worker.run { [self] in
            if let id = next() { return done(id) }  // another request has brought a block meanwhile
            let first = metadata.image.nextProducerID
            var record = ProducerIdsRecord()
            record.brokerID = nodeID
            record.brokerEpoch = metadata.brokerEpoch
            record.nextProducerID = first + Self.blockSize
            guard (try? metadata.append([.producerIDs(record)])) != nil else { return done(nil) }
            block.withLock { $0 = first..<(first + Self.blockSize) }
            done(next())
        }
    }
}
