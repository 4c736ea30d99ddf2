// The only translator from storage's errors to the protocol's.
internal import Protocol
internal import Storage

extension ErrorCode {
    /// What a client is told of a storage error.
    init(_ error: StorageError) {
        switch error {
        case .offsetOutOfRange: self = .offsetOutOfRange
        case .outOfOrderSequence: self = .outOfOrderSequenceNumber
        case .staleProducerEpoch: self = .invalidProducerEpoch
        case .outsideTransaction: self = .invalidTxnState
        case .staleCoordinatorEpoch: self = .transactionCoordinatorFenced
        case .staleLeaderEpoch: self = .fencedLeaderEpoch
        case .batchTooLarge: self = .recordListTooLarge
        // A deleted topic's log is closed while requests that found it before are still under way.
        case .closed, .partitionMissing: self = .unknownTopicOrPartition
        // Kafka's answer to a read that comes upon damage: consumers tell the application.
        case .corrupt: self = .corruptMessage
        case .io, .outOfSpace, .reserveReached, .offline, .notWritable, .directoryInUse, .stopTooSlow,
            .foreignDirectory, .unexpectedDirectory,
            .partitionExists,
            .topicIDMismatch:
            self = .kafkaStorageError
        }
    }
}
