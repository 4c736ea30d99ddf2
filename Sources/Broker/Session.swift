// What lives as long as a connection: who is at its other end, and what of its requests is under way.
internal import Base
internal import Network
internal import Protocol
internal import Security

/// What the broker knows of one connection.
///
/// It changes on the connection's loop, in the order of the requests; handlers read it on the pool, too.
final class Session: Sendable {
    /// The software that a client says it is (KIP-511).
    struct Software: Sendable, Hashable {
        let name: Name
        let version: Name
    }

    private struct State {
        var principal: Principal
        var software: Software?
        /// Nil before an authorizer is asked for the first time.
        var access: AccessMemory?
        var appends = 0
        var waiting: [@Sendable () -> Void] = []
    }

    let broker: Broker
    /// The loop of the connection; handlers run there.
    let loop: EventLoop
    /// The name of the listener that the connection came in on.
    let listener: Name
    /// The connection's two ends.
    let local: SocketAddress
    let peer: SocketAddress
    private let state: Lock<State>

    /// The session of a connection on which nobody has told who he is.
    init(
        _ broker: Broker, on loop: EventLoop, listener: Name, local: SocketAddress, peer: SocketAddress,
        principal: Principal = .anonymous
    ) {
        self.broker = broker
        self.loop = loop
        self.listener = listener
        self.local = local
        self.peer = peer
        state = Lock(State(principal: principal))
    }

    /// Who sends its requests.
    var principal: Principal { state.withLock { $0.principal } }

    /// The software at the other end, if it told.
    var software: Software? {
        get { state.withLock { $0.software } }
        set { state.withLock { $0.software = newValue } }
    }
}

// MARK: - What it may do

extension Session {
    /// What an authorizer answered in `generation`, or whom it has to be asked for.
    func remembered(_ question: AccessQuestion, in generation: UInt64) -> RememberedAccess {
        state.withLock { state in
            if let answer = state.access?.answer(question, in: generation) { return .decided(answer) }
            if let subject = state.access?.subject { return .unknown(subject) }
            let subject = AccessSubject(state.principal, host: Name(peer.host.longText))
            state.access = AccessMemory(subject)
            return .unknown(subject)
        }
    }

    /// Notes what it answered.
    func remember(_ question: AccessQuestion, _ answer: Bool, in generation: UInt64) {
        state.withLock { $0.access?.note(question, answer, in: generation) }
    }
}

// MARK: - What is under way

extension Session {
    /// Notes that an append began whose records do not show yet.
    func beganAppend() { state.withLock { $0.appends += 1 } }

    /// Notes that an append is finished, and starts what waited for the last of them.
    func finishedAppend() {
        let bodies = state.withLock { state -> [@Sendable () -> Void] in
            state.appends -= 1
            guard state.appends == 0 else { return [] }
            defer { state.waiting = [] }
            return state.waiting
        }
        for body in bodies { body() }
    }

    /// Whether appends are under way.
    var isAppending: Bool { state.withLock { $0.appends > 0 } }

    /// Calls `body` when no append is under way any more.
    func whenAppendsFinished(_ body: @escaping @Sendable () -> Void) {
        let isFree = state.withLock { state in
            guard state.appends > 0 else { return true }
            state.waiting.append(body)
            return false
        }
        if isFree { body() }
    }
}

extension Connection {
    /// Its session with `broker`, made when it is first needed: many connections never speak.
    func session(with broker: Broker) -> Session {
        if let session = attachment as? Session { return session }
        let made = Session(broker, on: loop, listener: listener.name, local: local, peer: peer)
        attachment = made
        return made
    }
}
