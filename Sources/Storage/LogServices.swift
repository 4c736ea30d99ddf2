// What the logs of one place share.
package import Base

/// Runs work that may wait for the disk, on some other thread.
package typealias BackgroundRunner = @Sendable (@escaping @Sendable () -> Void) -> Void

/// What an engine gives the logs above its stores.
package final class LogServices: Sendable {
    /// Tells how long producers were silent.
    let clock: any BrokerClock
    let logger: Logger
    /// Whether clients' records are refused for lack of space.
    let refusesRecords: @Sendable () -> Bool
    /// Whether nothing but the metadata log takes anything at all.
    let refusesAll: @Sendable () -> Bool
    /// Logs beside which something is to be written.
    let notes: BackgroundQueue<PartitionLog>

    /// Means of the logs of one place; `background` does what nobody waits for.
    ///
    /// `syncAll` makes everything durable that was written there before; false where it could not.
    package init(
        clock: any BrokerClock, logger: Logger, background: @escaping BackgroundRunner,
        refusesRecords: @escaping @Sendable () -> Bool,
        refusesAll: @escaping @Sendable () -> Bool = { false },
        syncAll: (@Sendable () -> Bool)? = nil
    ) {
        self.clock = clock
        self.logger = logger
        self.refusesRecords = refusesRecords
        self.refusesAll = refusesAll
        notes = BackgroundQueue(
            itemsMax: syncAll == nil ? BackgroundLimits.itemsMax : BackgroundLimits.itemsTogetherMax,
            background: background
        ) { NoteWriting.writeBehind($0, syncAll) }
    }

    /// Writes nothing behind logs any more when it returns; their close does.
    package func stop() { notes.stop() }
}
