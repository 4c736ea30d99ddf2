// How long clients are made to wait for what they take. The Router asks once for each request, tells the
// client in the reply, and reads nothing more from the connection for so long (KIP-219); handlers know
// nothing of it. Kafka's broker does the same for all versions: those that say otherwise speak of what
// clients do themselves.

/// Says how long clients wait.
protocol Quotas: Sendable {
    /// How long the sender of a request is to wait once its reply is on its way, in milliseconds; 0 for no
    /// wait.
    func throttleMilliseconds(after request: RequestContext) -> Int32
}

/// No quotas: nobody waits.
struct NoQuotas: Quotas {
    func throttleMilliseconds(after request: RequestContext) -> Int32 { 0 }
}
