// The store of the engine in memory, for the suite.
import Base
import MemoryStorage
import Simulation
import Storage

/// A store in memory.
final class MemoryRig: StoreUnderTest {
    private(set) var memory: MemoryStore
    let clock = SimulatedClock()
    private let jobs = Jobs()
    private let services: MemoryServices

    var store: any LogStore { memory }

    init(_ setup: StoreSetup) {
        let (random, jobs) = (SharedRandom(seed: setup.seed), jobs)
        services = MemoryServices(
            clock: clock, background: { jobs.add($0) }, behaviour: MemoryBehaviour { random.draw($0) })
        memory = MemoryStore(
            "memory", startingAt: setup.start, config: SharedLogConfig(setup.config), services)
    }

    func step() { _ = memory.step() }

    func flush() {
        memory.flush()
        jobs.run()
    }

    func answer() { jobs.run() }

    func refuseNextAppend() { memory.refuseNextAppend(.outOfSpace(operation: .write, path: "memory")) }

    func failNextSync() { memory.failNextStep(.io(operation: .sync, path: "memory", errno: 5)) }

    func stop() throws { try memory.stop() }

    func reopen(after ending: StoreEnding) throws {
        switch ending {
        case .cleanStop:
            try stop()
            memory = memory.afterStop(services)
        case .crash:
            let next = memory.afterCrash(services)
            memory.close()
            memory = next
        }
    }
}
