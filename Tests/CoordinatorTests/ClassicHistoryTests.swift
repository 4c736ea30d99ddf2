// What classic groups promise, in histories of many members.
import Foundation
import Testing

/// Seeds from which histories of groups begin: `make test-long` sets APUS_SEEDS.
let groupSeeds = UInt64(ProcessInfo.processInfo.environment["APUS_SEEDS"] ?? "") ?? 20

@Suite struct ClassicHistoryTests {
    @Test(
        "a partition has one owner in a generation, offsets stay or rise, and groups come to rest",
        arguments: 0..<groupSeeds)
    func history(seed: UInt64) {
        var history = ClassicHistory(seed: seed, members: 18, groups: 3)
        history.run(seconds: 300)
        history.comeToRest()
        #expect(history.violations == [])
    }

    @Test("two thousand members in four groups come to rest", arguments: 0..<max(1, groupSeeds / 20))
    func thousands(seed: UInt64) {
        var history = ClassicHistory(seed: 1000 + seed, members: 2000, groups: 4)
        history.run(seconds: 30)
        history.comeToRest()
        #expect(history.violations == [])
    }

    @Test("what goes wrong on purpose is found", arguments: GroupFault.allCases)
    func faults(_ fault: GroupFault) {
        let found = (UInt64(0)..<5).count { seed in
            var history = ClassicHistory(seed: seed, members: 18, groups: 3, fault: fault)
            history.run(seconds: 600)
            history.comeToRest()
            return !history.violations.isEmpty
        }
        #expect(found >= 4, "\(fault) was found in \(found) of 5 histories")
    }
}
