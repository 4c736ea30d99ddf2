// What one kind of coordinator says about the topic that holds its state: how it is made, how a shard of it
// begins, and what its shards are told now and then.
internal import Base
internal import Coordinator

/// A state topic, and how its shards begin.
struct StateTopic<State: Shard>: Sendable {
    /// The topic as it is made when it is first needed.
    let asMade: NewTopic
    /// Who makes it, for the log.
    let maker: String
    /// An empty shard of the topic.
    let emptyShard: @Sendable (Topic) -> State
    /// What happens first to a shard that was read.
    var whenLoaded: @Sendable (State) -> [State.Event] = { _ in [] }
    /// Does what a shard orders, once what led to that is durable.
    var carryOut: @Sendable (State.Order, ShardHost<State>) -> Void = { _, _ in }
}

/// What the shards of a topic are told now and then, such as to look for what has expired.
struct ShardUpkeep<State: Shard>: Sendable {
    /// What each of them is told.
    let event: State.Event
    /// How long the job rests at least.
    let interval: Duration
    /// When a shard is to be told next, if it is `now`; nil if nothing will be due as things stand.
    let nextDue: @Sendable (State, _ now: Timestamp) -> Timestamp?
}
