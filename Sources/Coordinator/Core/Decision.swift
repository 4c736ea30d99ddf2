// What a coordinator decided: records to be made durable, and replies that leave when they are.

/// Names a request that waits for its reply, which may come from a later event.
package struct ReplyToken: Hashable, Sendable {
    package let value: UInt64

    /// The token number `value`; its host gives each of them to one request.
    package init(_ value: UInt64) { self.value = value }
}

/// A reply, and whose it is.
package struct AddressedReply<Reply: Sendable>: Sendable {
    package let token: ReplyToken
    package let reply: Reply

    /// `reply` to the request `token`.
    package init(token: ReplyToken, reply: Reply) {
        self.token = token
        self.reply = reply
    }
}

/// What follows from one event.
///
/// The records are applied already when a decision is returned; they must stand in the log before the next
/// event is handled, and no reply leaves before they are durable. If they cannot be appended, the shard is
/// thrown away and loaded anew: nothing is ever rolled back.
package struct Decision<
    Record: Sendable, Reply: Sendable, Event: Sendable, Order: Sendable
>: Sendable {
    /// To be appended in this order, as one batch.
    package var records: [Record] = []
    /// To be appended behind them, and applied then, each in batches of its own.
    package var transactionalWrites: [TransactionalWrite<Record, Reply>] = []
    /// To be sent when everything that the shard has appended so far is durable.
    package var replies: [AddressedReply<Reply>] = []
    /// To be done by the host when everything that the shard has appended so far is durable; one that is not
    /// done yet when the shard is thrown away never is, and the shard that is loaded gives its own.
    package var orders: [Order] = []
    /// To be computed outside of the critical section, as they take long; what each gives happens to the
    /// shard later on.
    package var computations: [@Sendable () -> Event] = []
    /// Work that goes on: each happens to the shard next, but outside of this critical section, so that
    /// whoever waits for the shard comes first.
    package var continuations: [Event] = []

    /// A decision that changes nothing.
    package init() {}

    /// Answers the request `token`.
    package mutating func reply(_ reply: Reply, to token: ReplyToken) {
        replies.append(AddressedReply(token: token, reply: reply))
    }
}
