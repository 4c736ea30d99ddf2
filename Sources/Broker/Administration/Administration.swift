// What can be done to topics, records, groups and the cluster, whoever asks: plain values go in, and typed
// results come out. Handlers translate between these and messages. Versions, throttling and the order in
// which a sender's rights are asked about are theirs; where that matters a function takes the question.
internal import Network

/// Administration of a broker in the name of one requester.
///
/// What has to wait gives a `Deferred` of what `answer` makes of the result, on the thread that the result
/// comes from: a large reply is made beside the loops. A disk that stands still is waited for as long as
/// `DiskWait` says.
struct Administration: Sendable {
    let broker: Broker
    /// Who acts, for log lines.
    let requester: String
    /// Where the limits of waits are kept.
    let loop: EventLoop
}

extension RequestContext {
    /// What the sender of the request can have done.
    var administration: Administration {
        Administration(broker: broker, requester: description, loop: loop)
    }
}
