// The kernel's readiness queue, level-triggered. What is registered is named by a token: the index of the
// loop's table in its low half and the entry's generation in its high half, so that an event of a descriptor
// closed a moment ago finds nobody.
internal import CSystem
import Glibc

/// What a descriptor is ready for, or what is to be watched.
package struct Readiness: OptionSet, Sendable {
    /// Epoll's bits.
    package let rawValue: UInt32
    /// The bits as epoll has them.
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Bytes, a connection or the end of the stream can be read.
    package static let readable = Readiness(rawValue: APUS_READABLE)
    /// Bytes can be written.
    package static let writable = Readiness(rawValue: APUS_WRITABLE)
    /// An error is pending; always reported.
    package static let failed = Readiness(rawValue: APUS_FAILED)
    /// Both directions are shut; always reported.
    package static let hungUp = Readiness(rawValue: APUS_HUNG_UP)
    /// The peer sends no more, though it may not all have been read; reported also where nothing is read.
    package static let peerEnded = Readiness(rawValue: APUS_PEER_ENDED)
}

/// An epoll instance and the events of its last wait.
@safe struct EpollPoller: ~Copyable {
    private static let capacity = 256
    private let descriptor: Int32
    private let events: UnsafeMutablePointer<apus_event>

    init() throws(NetworkError) {
        descriptor = apus_poller_create()
        unsafe events = .allocate(capacity: Self.capacity)
        guard descriptor >= 0 else { throw .system(call: "epoll_create1", errno: errno) }
    }

    deinit {
        if descriptor >= 0 { _ = Glibc.close(descriptor) }
        unsafe events.deallocate()
    }

    /// Watches `watched` for `interest`.
    func add(_ watched: Int32, interest: Readiness, token: UInt64) throws(NetworkError) {
        guard apus_poller_add(descriptor, watched, interest.rawValue, token) == 0 else {
            throw .system(call: "epoll_ctl", errno: errno)
        }
    }

    /// Changes what `watched` is watched for.
    func change(_ watched: Int32, interest: Readiness, token: UInt64) {
        let result = apus_poller_change(descriptor, watched, interest.rawValue, token)
        precondition(result == 0, "only what was added is changed, and the kernel allocates nothing for it")
    }

    /// Forgets `watched`, which must still be open.
    func remove(_ watched: Int32) {
        _ = apus_poller_remove(descriptor, watched)
    }

    /// Waits until something is ready, or with `isPoll` looks whether something is; the number of events.
    func wait(isPoll: Bool) -> Int {
        let count = unsafe apus_poller_wait(descriptor, events, Int32(Self.capacity), isPoll ? 0 : -1)
        precondition(count >= 0 || errno == EINTR, "epoll_wait fails only on a wrong descriptor")
        return Int(max(count, 0))
    }

    /// One event of the last wait.
    func event(_ index: Int) -> (token: UInt64, readiness: Readiness) {
        unsafe (events[index].token, Readiness(rawValue: events[index].events))
    }
}
