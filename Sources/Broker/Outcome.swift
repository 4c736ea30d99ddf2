// What a handler returns. A request is *started* when everything that must keep its connection's order has
// happened (appended, committed, joined), and *finished* when its reply is known.

/// How a request goes on after its handler returned.
package enum Outcome<Reply: Sendable>: Sendable {
    /// Started and finished.
    case now(Reply)
    /// Started; the reply follows.
    case later(Deferred<Reply>)
    /// Not started yet: the connection starts its next request only when this one has come so far, else a
    /// later Produce could overtake it.
    ///
    /// How the request goes on is known then.
    case starting(Deferred<Outcome>)
    /// Finished without a reply (Produce with acks=0).
    case none
    /// The connection is to be closed; the reason goes to the log.
    case close(String)
}
