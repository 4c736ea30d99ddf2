// How long a request waits for this broker's own disk. The timeouts in requests are not for that: they say
// how long to wait for replicas, of which there are none, and a client that is told of one takes what it sent
// for lost and sends it again.
internal import Base

/// Waiting for the disk.
enum DiskWait {
    /// After so long a disk passes for standing still, and the client is told that its request took too long;
    /// what it sent may still become durable.
    ///
    /// Clients give their connection up after 30 to 60 seconds.
    static let limit = Duration.milliseconds(limitMilliseconds)
    static let limitMilliseconds: Int64 = 60_000
}
