// Administration without a client: the functions are called, and their results waited for.
import Base
import Glibc
import Protocol
import Testing

@testable import Broker
@testable import Network

extension BrokerRig {
    /// What tests have done in their own name.
    var administration: Administration { Administration(broker: broker, requester: "test", loop: loop) }

    /// Has its directory say that it has this format of metadata.
    func useMetadataVersion(_ level: Int16) throws {
        var feature = FeatureLevelRecord()
        (feature.name, feature.featureLevel) = ("metadata.version", level)
        try broker.catalog.metadata.append([.featureLevel(feature)])
    }

    /// The value, once threads and pools have come that far; without `pool` the work of both pools stays.
    func value<Value: Sendable>(of awaited: Awaited<Value>, pool: Bool = true) throws -> Value {
        for _ in 0..<2_000 {
            if pool { flush() } else { step(pool: false) }
            if let value = awaited.value { return value }
            usleep(1_000)
        }
        throw Never()
    }

    /// The same of what was just begun.
    func value<Value: Sendable>(of deferred: Deferred<Value>) throws -> Value {
        try value(of: Awaited(deferred, on: loop))
    }

    private struct Never: Error {}
}

/// Waits for a value on a loop.
final class Awaited<Value: Sendable>: Sendable {
    private let found = Lock<Value?>(nil)

    init(_ deferred: Deferred<Value>, on loop: EventLoop) {
        loop.post {
            deferred.whenCompleted(on: loop) { value in self.found.withLock { $0 = value } }
        }
    }

    /// Nil while it is not there.
    var value: Value? { found.withLock { $0 } }
}

extension Result where Failure == Refusal {
    /// Why it failed; nil if it did not.
    var refusal: Refusal? { if case .failure(let refusal) = self { refusal } else { nil } }
}
