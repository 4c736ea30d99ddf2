// What a handler declares about its requests. Kafka serves the requests of a connection one at a time, so a
// client may count on the second one to see what the first one did. Here they overlap where that cannot be
// told from outside, and each handler says in what way its own requests may.
internal import Base
internal import Network
internal import Protocol

/// What a request does to those that follow it on its connection.
enum RequestEffect {
    /// It changes nothing that a request could see: what follows may overlap with it.
    case none
    /// What it changes is there when its handler returns, and whoever asks for it waits for the disk as the
    /// request itself does: what follows may start. Groups are so: a shard decides in the order of arrival.
    case immediate
    /// It appends, in order, and its records show when they are durable: other appends may follow at once;
    /// all else starts when it is finished. (Its reply could not leave before that anyway.)
    case appends
    /// What it changes is there when it is finished: nothing that follows starts before.
    case whenFinished
}

/// A handler that declares what its requests do to those behind them.
protocol EffectDeclaring {
    /// What a request of this kind does to those that follow it on its connection.
    static var effect: RequestEffect { get }
}

/// The handler of one kind of request, whose reply is nothing but a message.
protocol RequestHandler: EffectDeclaring, SendableMetatype {
    associatedtype Request: RequestMessage

    /// Serves one request; on its connection's loop.
    static func handle(_ request: Request, _ context: RequestContext) -> Outcome<Request.Reply>
}

/// What a connection has under way that requests behind it must wait for.
final class RequestsUnderWay: Sendable {
    private struct State {
        var appends = 0
        var waiting: [@Sendable () -> Void] = []
    }
    private let state = Lock(State())

    /// Notes that an append began whose records do not show yet.
    func began() { state.withLock { $0.appends += 1 } }

    /// Notes that an append is finished, and starts what waited for the last of them.
    func finished() {
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
    func whenFinished(_ body: @escaping @Sendable () -> Void) {
        let isFree = state.withLock { state in
            guard state.appends > 0 else { return true }
            state.waiting.append(body)
            return false
        }
        if isFree { body() }
    }
}

extension Connection {
    /// What it has under way; nil while nothing ever was.
    var underWay: RequestsUnderWay? { attachment as? RequestsUnderWay }

    /// The same, made when it is first needed.
    func noteUnderWay() -> RequestsUnderWay {
        if let underWay { return underWay }
        let made = RequestsUnderWay()
        attachment = made
        return made
    }
}
