// Offsets expire hours or days after the last write that concerns them, so the job rests until the first of
// them will, and at least as long as the configuration says.
internal import Base
internal import Compression
internal import Coordinator

/// Sets up the host of groups, and what is done for it now and then.
enum GroupUpkeep {
    /// The host of the groups of a broker that is made of `parts`, with its job on `scheduler`.
    static func host(
        _ parts: BrokerParts, on scheduler: UpkeepScheduler, _ settings: BrokerSettings, logger: Logger,
        clock: any BrokerClock
    ) -> GroupHost {
        let interval = Duration.milliseconds(settings.offsetsRetentionCheckMilliseconds)
        let slot = Lock<GroupHost?>(nil)
        let job = scheduler.add {
            guard let rest = slot.withLock({ $0 })?.expire() else { return nil }
            return max(interval, rest)
        }
        var services = ShardServices(clock: clock, logger: logger, pool: parts.sockets.pool)
        services.codec = .init(rawValue: UInt8(clamping: settings.offsetsCodec)) ?? .none
        services.written = { scheduler.request(job, within: interval) }
        let host = GroupHost(
            catalog: parts.catalog, settings: settings, loops: parts.sockets.loops, services: services)
        slot.withLock { $0 = host }
        parts.catalog.whenChanged { [weak host] topics in host?.topicsChanged(topics) }
        parts.catalog.whenDeleted { [weak host] names in host?.topicsDeleted(names) }
        // For what an earlier run left.
        scheduler.request(job, within: interval)
        return host
    }
}
