import Simulation
import Testing

@testable import Coordinator

@Suite struct DeadlinesTests {
    @Test("deadlines come up once each, in order, at their latest time", arguments: UInt64(0)..<50)
    func order(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var deadlines = Deadlines<Int>()
        var expected: [Int: Int64] = [:]
        var now: Int64 = 0
        /// The first time that has not come up yet.
        var earliest: Int64 = 0
        for _ in 0..<500 {
            let key = Int(random.next() % 40)
            switch random.next() % 6 {
            case 0:
                deadlines.cancel(key)
                expected[key] = nil
            case 1:
                now += Int64(random.next() % 50)
                while let due = deadlines.popDue(at: now) {
                    let time = expected.removeValue(forKey: due)
                    #expect(time.map { $0 <= now } == true)
                    earliest = now + 1
                }
                #expect(expected.values.allSatisfy { $0 > now })
            default:
                let time = now + Int64(random.next() % 200)
                deadlines.set(key, at: time)
                expected[key] = max(time, earliest)
            }
            #expect(deadlines.count == expected.count)
            #expect((deadlines.next ?? .max) <= (expected.values.min() ?? .max))
            #expect(deadlines[key] == expected[key])
        }
    }

    @Test(
        "what is set while deadlines come up is due in a later pass, whatever its time",
        arguments: [Int64.min, -1, 0, 99, 100, 101, .max])
    func passes(time: Int64) {
        var deadlines = Deadlines<Int>()
        for key in 0..<10 { deadlines.set(key, at: 100) }
        var steps = 0
        while let key = deadlines.popDue(at: 100), steps < 1_000 {
            deadlines.set(key, at: time)
            deadlines.set(key + 10, at: time)
            steps += 1
        }
        #expect(steps == 10)
        #expect(deadlines.count == 20)
        #expect((deadlines.next ?? 0) > 100)
    }

    @Test("a deadline that is moved back a million times takes the memory of one")
    func heartbeats() {
        var deadlines = Deadlines<String>()
        for time in 0..<1_000_000 { deadlines.set("member", at: Int64(time) + 45_000) }
        #expect(deadlines.next == 45_000)
        #expect(deadlines.popDue(at: 45_000) == nil)
        let last: Int64? = 1_044_999
        #expect(deadlines.next == last)
    }
}
