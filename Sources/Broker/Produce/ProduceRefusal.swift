/// Why the records for one partition were refused.
internal import Compression
internal import Protocol
internal import Records

/// An error in the words of the protocol, with what Produce can tell beside it.
struct ProduceRefusal: Error {
    let code: ErrorCode
    /// The sentence for v8 and later; nil where the code says it all.
    var message: String?
    /// Which records of the batch are at fault (KIP-467).
    var records: [(index: Int32, message: String?)] = []
    /// Whether the log was asked, and not only the coordinator of the transaction.
    var isOfLog = true

    init(_ code: ErrorCode, _ message: String? = nil, records: [(index: Int32, message: String?)] = []) {
        self.code = code
        self.message = message
        self.records = records
    }

    /// Kafka tells the log start offset beside some errors, and -1 beside those that it expects in daily
    /// life.
    var tellsLogStart: Bool {
        switch code {
        case .invalidRecord, .invalidTimestamp, .outOfOrderSequenceNumber, .invalidProducerEpoch,
            .invalidTxnState, .unsupportedCompressionType:
            isOfLog
        default: false
        }
    }
}

extension ProduceRefusal {
    /// A batch that begins elsewhere than at 0.
    static func baseOffset(_ offset: Int64) -> ProduceRefusal {
        ProduceRefusal(
            .invalidRecord,
            "The base offset of a record batch in an append should be 0, but it is \(offset)")
    }

    /// A batch of more bytes than its topic takes.
    static func tooLarge(_ bytes: Int, limit: Int) -> ProduceRefusal {
        ProduceRefusal(
            .messageTooLarge,
            "A batch of \(bytes) bytes exceeds max.message.bytes of the topic (\(limit)).")
    }

    /// What a producer is told of an error in its records.
    ///
    /// Only damage on the way may be told by an error that clients retry: they would send the same bytes for
    /// ever.
    init(_ error: RecordError) {
        switch error {
        case .corruptHeader(.length), .unsupportedMagic, .checksumMismatch:
            self.init(.corruptMessage)
        case .truncated:
            self.init(.invalidRecord, "The records are cut off.")
        case .corruptHeader(let defect):
            self.init(.invalidRecord, defect.rawValue)
        case .invalidBatch(let defect):
            self.init(.invalidRecord, defect.rawValue)
        case .invalidRecord(let index, let defect):
            self.init(.invalidRecord, "record \(index): \(defect.rawValue)")
        case .rejected(let reason, let faults):
            let code: ErrorCode = reason == .timestamp ? .invalidTimestamp : .invalidRecord
            self.init(
                code,
                reason == .timestamp
                    ? "One or more records have been rejected due to invalid timestamp"
                    : "One or more records have been rejected",
                records: faults.map { ($0.batchIndex, $0.message) })
        case .compression(let problem):
            self.init(problem)
        }
    }

    private init(_ problem: CompressionError) {
        switch problem {
        case .corrupt, .windowTooLarge:
            self.init(.invalidRecord, "The records cannot be decompressed.")
        case .exceedsLimit(let bytes):
            self.init(.messageTooLarge, "The records take more than \(bytes) bytes when decompressed.")
        case .outOfMemory, .library:
            // No fault of the producer's: it may try again.
            self.init(.kafkaStorageError, "The records could not be decompressed for want of memory.")
        }
    }
}
