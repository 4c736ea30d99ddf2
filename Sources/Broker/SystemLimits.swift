// What the system grants this process. Limits that leave no room for the work are named at start, with what
// they are called where they are set; with less than the least there is no broker.
internal import Base
internal import Network

/// The system's limits that the broker depends on.
struct SystemLimits: Sendable {
    /// Below so many descriptors files and connections starve each other.
    static let descriptorsMin = 128
    /// Below so many connections the limit on descriptors is worth a warning.
    static let connectionsFew = 256
    /// Below so much memory a few clients would end the process.
    static let memoryMinBytes = 48 << 20
    /// Below so much for the largest request the limit on memory is worth a warning.
    static let requestFewBytes = 16 << 20

    /// How many descriptors may be open.
    let descriptors: Int
    /// How much memory there is.
    let room: MemoryRoom
    /// The longest queue of new connections that the kernel keeps (net.core.somaxconn), where it says so.
    let backlogMax: Int?

    /// The limits of this process; that on descriptors is raised as far as it can be.
    static func current() -> SystemLimits {
        let backlog = Machine.textOfFile("/proc/sys/net/core/somaxconn")
        return SystemLimits(
            descriptors: Machine.raiseDescriptorLimit(), room: .current(),
            backlogMax: backlog?.split(separator: "\n").first.flatMap { Int($0) })
    }

    /// Throws where a broker cannot work.
    func check() throws(StartError) {
        guard descriptors >= Self.descriptorsMin else {
            throw StartError(
                "cannot start: the limit on open files (ulimit -n) is \(descriptors), and the broker needs "
                    + "at least \(Self.descriptorsMin)"
            )
        }
        guard room.bytes >= Self.memoryMinBytes else {
            throw StartError(
                "cannot start: \(room.bound) leaves \(room.bytes / 1_048_576) MiB, and the broker needs "
                    + "at least \(Self.memoryMinBytes / 1_048_576) MiB")
        }
    }

    /// Compaction's share of the memory at most.
    private static let partOfCompaction = 8

    /// Memory that a partition may come to take: an idle one takes two to three KiB, one in use several times
    /// that.
    private static let partitionBytes = 16 << 10

    /// The settings with what they allow compaction, and partitions unless they say, bounded by the memory
    /// that there is.
    func bounding(_ settings: BrokerSettings) -> BrokerSettings {
        var bounded = settings
        if settings.partitionsMax == 0 {
            bounded.partitionsMax = Int32(clamping: max(1, room.bytes / Self.partitionBytes))
        }
        // A bound of its own: what is configured may change while the broker runs.
        bounded.cleanerMapBytesMax = Int64(room.bytes / Self.partOfCompaction)
        return bounded
    }

    /// Says which limits leave little room.
    func warn(_ limits: NetworkLimits, asked settings: BrokerSettings, _ logger: Logger) {
        if limits.maxConnections < min(Int(settings.maxConnections), Self.connectionsFew) {
            logger.log(
                .warning, "connection_limit.lowered",
                [
                    "limit": "\(descriptors)", "connections_max": "\(limits.maxConnections)",
                    "reason": "the limit on open files (ulimit -n) leaves room for few connections",
                ])
        }
        let largest = limits.memory.largestFrameBytes
        if largest < limits.socketRequestMaxBytes {
            let fields: KeyValuePairs = [
                "request_max_bytes": "\(largest)",
                "socket.request.max.bytes": "\(limits.socketRequestMaxBytes)",
                "memory_bytes": "\(room.bytes)", "reason": "larger requests do not fit into \(room.bound)",
            ]
            logger.log(largest < Self.requestFewBytes ? .warning : .info, "request_limit.lowered", fields)
        }
        if let backlogMax, backlogMax < Int(limits.listenBacklog) {
            logger.log(
                .warning, "backlog.cut",
                [
                    "limit": "\(backlogMax)", "wanted": "\(limits.listenBacklog)",
                    "reason": "net.core.somaxconn cuts the queue of new connections",
                ])
        }
    }
}
