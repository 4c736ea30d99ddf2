/// ListTransactions (key 66, v0–2): all transactional ids (KIP-664). v1 by age (KIP-994) · v2 by a pattern of
/// ids (KIP-1152).
internal import Base
internal import Coordinator
internal import Network
internal import Protocol
internal import Security

enum ListTransactionsHandler: RequestHandler {
    typealias Request = ListTransactionsRequest
    static let effect = RequestEffect.none
    static let partitions: NamedPartitions<Request> = .none
    static let replySize: ReplySize<Request> = .growing { _, context, _ in
        (context.broker.transactions.existingShards() ?? []).reduce(0) {
            $0 + ($1.inspect { $0.listedBytes } ?? 0)
        }
    }

    static func handle(
        _ request: ListTransactionsRequest, _ context: RequestContext
    ) -> Outcome<ListTransactionsResponse> {
        var filter = TransactionFilter()
        var unknown: [Name] = []
        for name in request.stateFilters {
            if let state = TransactionState(named: name) {
                filter.states.insert(state)
            } else {
                unknown.append(name)
            }
        }
        filter.showsNone = !request.stateFilters.isEmpty && filter.states.isEmpty
        filter.producerIDs = Set(request.producerIDFilters.map { ProducerID($0) })
        filter.openForMilliseconds = request.durationFilter < 0 ? nil : request.durationFilter
        let unknownStates = unknown
        let reply = context.administration.listTransactions(
            filter, pattern: request.transactionalIDPattern
        ) { listing in
            var response = ListTransactionsResponse()
            response.errorCode = (listing.problem?.code ?? .none).rawValue
            response.unknownStateFilters = listing.problem == nil ? unknownStates : []
            response.transactionStates = listing.transactions.compactMap { listed in
                guard context.sees(.describe, .transactionalID(listed.id)) else { return nil }
                var state = ListTransactionsResponse.TransactionState()
                state.transactionalID = listed.id
                state.producerID = listed.producer.id.value
                state.transactionState = listed.state.name
                return state
            }
            return response
        }
        return .later(reply)
    }
}
