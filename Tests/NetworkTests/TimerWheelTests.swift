import Network
import Testing

/// A generator that prints its own replay: the seed.
struct Seeded: RandomNumberGenerator {
    var state: UInt64
    init(_ seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 &+ 1 }
    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}

@Test("the timer wheel agrees with a sorted list", arguments: UInt64(0)..<60)
func wheelAgreesWithList(seed: UInt64) {
    var random = Seeded(seed)
    let reach: Int64 = [100, 5000, 300_000, 1 << 30, 1 << 37][Int(seed % 5)]
    var now = Int64.random(in: 0...(1 << 40), using: &random)
    var wheel = TimerWheel<Int>(tick: now)
    var model: [Int: (tick: Int64, timer: TimerID)] = [:]
    var next = 0
    for _ in 0..<2000 {
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<5:
            let tick =
                now + Int64.random(in: -5...Int64.random(in: 1...reach, using: &random), using: &random)
            model[next] = (tick, wheel.insert(next, at: tick))
            next += 1
        case 5, 6:
            guard let victim = model.keys.randomElement(using: &random), let entry = model[victim] else {
                break
            }
            #expect(wheel.cancel(entry.timer) == victim)
            #expect(wheel.cancel(entry.timer) == nil)
            model[victim] = nil
        default:
            // Either exactly to where the wheel wants to be turned, or anywhere.
            let leap = Int64.random(in: 0...reach / 3, using: &random)
            now = Bool.random(using: &random) ? now + leap : max(now, wheel.nextTick ?? now)
            var last = Int64.min
            while let fired = wheel.popDue(at: now) {
                guard let entry = model.removeValue(forKey: fired) else {
                    Issue.record("timer \(fired) came due twice")
                    continue
                }
                #expect(entry.tick <= now)
                #expect(max(entry.tick, now - reach) >= last || entry.tick <= last)
                last = entry.tick
            }
            #expect(model.values.allSatisfy { $0.tick > now })
        }
        #expect(wheel.count == model.count)
        let first = model.values.map(\.tick).min()
        if let first {
            #expect((wheel.nextTick ?? .max) <= max(first, now))
        } else {
            #expect(wheel.nextTick == nil)
        }
    }
}

@Test("timers of one turn come due in the order of their ticks, those of one tick in the order they were set")
func wheelOrder() {
    var wheel = TimerWheel<Int>()
    let ticks: [Int64] = [900, 3, 70, 3, 5000, 64, 65, 1, 900]
    for (index, tick) in ticks.enumerated() { _ = wheel.insert(index, at: tick) }
    var fired: [Int] = []
    while let index = wheel.popDue(at: 10_000) { fired.append(index) }
    #expect(fired == ticks.indices.sorted { (ticks[$0], $0) < (ticks[$1], $1) })
}

@Test("a stale timer id cancels nothing, even after its place was used again")
func staleTimers() {
    var wheel = TimerWheel<Int>()
    let first = wheel.insert(1, at: 10)
    #expect(wheel.popDue(at: 10) == 1)
    let second = wheel.insert(2, at: 20)
    #expect(wheel.cancel(first) == nil)
    #expect(wheel.cancel(second) == 2)
    #expect(wheel.nextTick == nil)
}
