// Waiting until appended records are durable.
internal import Base
internal import Network
internal import Protocol

/// One acks=all request: its reply is known but for the partitions whose records are not durable yet.
final class Acknowledgement: DurabilityListener {
    /// Where a partition stands in the response.
    struct Place: Sendable {
        let topic: Int
        let partition: Int
    }

    private struct State {
        var response: ProduceResponse
        var open: Set<Int>
    }
    private let state: Lock<State>
    private let places: [Place]
    /// Completed when every record is durable or its log failed.
    let reply = Deferred<ProduceResponse>()

    /// An acknowledgement of `response`, in which the partitions at `places` still wait.
    init(_ response: ProduceResponse, waitingFor places: [Place]) {
        self.places = places
        state = Lock(State(response: response, open: Set(places.indices)))
    }

    func durable(_ index: Int, failed: Bool) {
        let finished: ProduceResponse? = state.withLock { state in
            guard state.open.remove(index) != nil else { return nil }
            if failed { state.response.fail(places[index], .kafkaStorageError) }
            return state.open.isEmpty ? state.response : nil
        }
        if let finished { reply.complete(finished) }
    }

    /// The reply when the time is up: what is not durable by now is answered with an error.
    ///
    /// Its records may still become durable.
    func late() -> ProduceResponse {
        state.withLock { state in
            for index in state.open { state.response.fail(places[index], .requestTimedOut) }
            state.open = []
            return state.response
        }
    }
}

extension ProduceResponse {
    fileprivate mutating func fail(_ place: Acknowledgement.Place, _ code: ErrorCode) {
        responses[place.topic].partitionResponses[place.partition].errorCode = code.rawValue
        responses[place.topic].partitionResponses[place.partition].baseOffset = -1
        responses[place.topic].partitionResponses[place.partition].logAppendTimeMs = -1
    }
}
