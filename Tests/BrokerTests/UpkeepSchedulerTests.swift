// Jobs that come due, on a clock that the test moves.
import Base
import Records
import Simulation
import Storage
import Synchronization
import TestSupport
import Testing

@testable import Broker
@testable import LocalStorage

@Suite("recurring work")
struct UpkeepSchedulerTests {
    private final class Count: Sendable {
        private let value = Atomic(0)
        func add() { value.add(1, ordering: .relaxed) }
        var now: Int { value.load(ordering: .relaxed) }
    }

    @Test("a job rests until it is requested, runs when it is due, and rests again")
    func onDemand() {
        let clock = SimulatedClock()
        let scheduler = UpkeepScheduler(clock: clock)
        let count = Count()
        let job = scheduler.add {
            count.add()
            return nil
        }
        #expect(scheduler.runDue() == nil)
        scheduler.request(job, within: .seconds(60))
        clock.advance(milliseconds: 30_000)
        scheduler.request(job, within: .seconds(60))
        #expect(scheduler.runDue() == 30_000_000_000)
        #expect(count.now == 0)
        clock.advance(milliseconds: 30_000)
        #expect(scheduler.runDue() == nil)
        #expect(count.now == 1)
    }

    @Test("a job that says when it wants to run again does, and a sooner request counts")
    func again() {
        let clock = SimulatedClock()
        let scheduler = UpkeepScheduler(clock: clock)
        let count = Count()
        let job = scheduler.add {
            count.add()
            return .seconds(10)
        }
        scheduler.request(job, within: .zero)
        #expect(scheduler.runDue() == 10_000_000_000)
        scheduler.request(job, within: .seconds(1))
        #expect(scheduler.runDue() == 1_000_000_000)
        clock.advance(milliseconds: 1000)
        #expect(scheduler.runDue() == 10_000_000_000)
        #expect(count.now == 2)
    }

    @Test("nothing rests longer than a day, however long it asks for")
    func longRest() {
        let scheduler = UpkeepScheduler(clock: SimulatedClock())
        let job = scheduler.add { nil }
        scheduler.request(job, within: .milliseconds(Int64.max))
        #expect(scheduler.runDue() == 86_400_000_000_000)
    }

    @Test("the thread runs what is requested of it, and ends", .endsHangs)
    func thread() {
        let scheduler = UpkeepScheduler(clock: SystemClock())
        let ran = Signal()
        let job = scheduler.add {
            ran.raise()
            return nil
        }
        scheduler.start()
        scheduler.request(job, within: .zero)
        ran.wait()
        scheduler.stop()
        scheduler.stop()
    }

    @Test("what was written is in the checkpoint within a minute, and then nothing more is armed")
    func checkpoints() throws {
        let rig = try DirectoryRig()
        let scheduler = UpkeepScheduler(clock: rig.clock)
        var settings = BrokerSettings()
        settings.producerIDExpirationMilliseconds = 86_400_000
        DirectoryUpkeep(rig.directory, on: scheduler, UpkeepSettings(settings), clock: rig.clock).resume()
        // Recovery points that an earlier run may have left are nothing to write.
        rig.clock.advance(milliseconds: 600_000)
        #expect(scheduler.runDue() == nil)
        let log = try rig.createLog("t", producer: 7)
        rig.clock.advance(milliseconds: 59_999)
        #expect(scheduler.runDue() == 1_000_000)
        #expect(try rig.recoveryPoint("t") == nil)
        rig.clock.advance(milliseconds: 1)
        scheduler.runDue()
        #expect(try rig.recoveryPoint("t") == log.bounds.logEnd)
        // Ten minutes each until the producer is forgotten, and the segment closed at its age, and
        // deleted as soon as it is.
        #expect(log.producerCount == 1)
        var looks = 0
        while let rest = scheduler.runDue(), looks < 2000 {
            rig.clock.advance(milliseconds: max(1, rest / 1_000_000))
            while rig.directory.flusher.flushOnce() {}
            looks += 1
        }
        #expect(log.producerCount == 0)
        #expect(looks < 200)
        #expect(try rig.segments("t") == 1)
        #expect(log.bounds.logStart == log.bounds.logEnd)
    }
}
