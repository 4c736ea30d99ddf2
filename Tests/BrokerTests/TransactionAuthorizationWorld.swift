// Requests about transactional ids, for the tests of what each API asks before it answers.
import Base
import Protocol

@testable import Broker

extension AuthorizationWorld {
    func aboutTransactions(_ key: APIKey) -> (any RequestMessage)? {
        switch key {
        case .addPartitionsToTxn:
            // One topic: where one is refused the others are not attempted.
            var topic = AddPartitionsToTxnRequest.AddPartitionsToTxnTopic()
            (topic.name, topic.partitions) = ("t0", [0])
            var transaction = AddPartitionsToTxnRequest.AddPartitionsToTxnTransaction()
            (transaction.transactionalID, transaction.topics) = ("x0", [topic])
            var request = AddPartitionsToTxnRequest()
            (request.v3AndBelowTransactionalID, request.v3AndBelowTopics) = ("x0", [topic])
            request.transactions = [transaction]
            return request
        case .addOffsetsToTxn:
            var request = AddOffsetsToTxnRequest()
            (request.transactionalID, request.groupID) = ("x0", "g0")
            return request
        case .endTxn:
            var request = EndTxnRequest()
            request.transactionalID = "x0"
            return request
        case .describeTransactions:
            var request = DescribeTransactionsRequest()
            request.transactionalIDs = (0..<4).map { Name("x\($0)") }
            return request
        case .listTransactions: return ListTransactionsRequest()
        default: return nil
        }
    }
}
