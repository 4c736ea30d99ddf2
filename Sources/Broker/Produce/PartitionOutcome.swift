/// What became of the records for one partition of a produce request.
internal import Base
internal import Protocol
internal import Storage

struct PartitionOutcome {
    var response = ProduceResponse.PartitionProduceResponse()
    /// Up to where the log must be durable before acks=all is answered.
    private(set) var wait: (partition: Partition, end: Offset)?

    init(index: Int32) { response.index = index }

    mutating func refuse(_ refusal: ProduceRefusal, logStart: Offset? = nil) {
        response.errorCode = refusal.code.rawValue
        response.errorMessage = refusal.message
        response.baseOffset = -1
        response.logAppendTimeMs = -1
        response.logStartOffset = refusal.tellsLogStart ? logStart?.value ?? -1 : -1
        response.recordErrors = refusal.records.map { index, message in
            var record = ProduceResponse.BatchIndexAndErrorMessage()
            record.batchIndex = index
            record.batchIndexErrorMessage = message
            return record
        }
    }

    /// Notes that there was nothing to append.
    mutating func noteNothing() {
        response.baseOffset = -1
        response.logAppendTimeMs = -1
        response.logStartOffset = -1
    }

    /// Notes what the log said; `appendTime` is what the records got where the topic gives them a time.
    mutating func note(_ result: AppendResult, _ partition: Partition, _ appendTime: Timestamp?) {
        switch result {
        case .appended(let range, let logStart):
            response.baseOffset = range.first.value
            if let appendTime { response.logAppendTimeMs = appendTime.milliseconds }
            response.logStartOffset = logStart.value
            wait = (partition, range.last.next)
        case .duplicate(let range, let timestamp, let logStart):
            // As the batch was answered the first time.
            response.baseOffset = range.first.value
            response.logAppendTimeMs = timestamp.milliseconds
            response.logStartOffset = logStart.value
            wait = (partition, range.last.next)
        case .mustRecall:
            // It was looked up just now, and the log or the producer has moved on since: the client is to try
            // again.
            refuse(ProduceRefusal(.notLeaderOrFollower))
        }
    }
}
