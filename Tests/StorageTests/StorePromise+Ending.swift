// How the life of a store ends; and whole lives, as chance wants them.
import Base
import Compression
import Records
import Simulation
import Storage

extension StorePromise {
    static let ending: [StorePromise] = [
        StorePromise(sentence: "a clean stop makes everything durable, and everything is refused then") {
            trial in
            try trial.fill(5)
            if trial.random.chance(50) { trial.step() }
            trial.stop()
            trial.expect(trial.store.bounds.syncedEnd == trial.model.end, "not everything is durable")
            try trial.checkThatNothingGoes()
        },
        StorePromise(sentence: "after a close everything is refused") { trial in
            try trial.fill(5)
            if trial.random.chance(50) { trial.flush() }
            trial.close()
            try trial.checkThatNothingGoes()
            trial.close()
        },
        StorePromise(sentence: "after a clean stop all of it is there") { trial in
            for _ in 0..<3 {
                try trial.fill(4)
                if trial.random.chance(50) { trial.step() }
                trial.reopen(after: .cleanStop)
            }
        },
    ]

    static let histories: [StorePromise] = [
        StorePromise(
            sentence: "whatever happens, and in whatever order, the promises hold", seeds: 40
        ) { trial in
            trial.update { config in
                config.retentionBytes = 3000
                config.retentionAge = .milliseconds(60_000)
                config.segmentAgeMax = .milliseconds(20_000)
            }
            for _ in 0..<80 where trial.breaches.isEmpty { try trial.act() }
            trial.flush()
            trial.checkContent()
            trial.reopen(after: .cleanStop)
        }
    ]
}

extension Trial {
    func isBoundary(_ offset: Offset) -> Bool { model.boundaries.contains(offset) }

    /// A store that is closed refuses everything, and stays as it was.
    func checkThatNothingGoes() throws {
        let before = store.bounds
        let isClosed = { (error: StorageError) in error.isClosed }
        try appendInVain(with: isClosed)
        for limit in [Offset.zero, model.end] {
            let request = StoreRead(from: .zero, limit: limit, bytesMax: 99, firstBatch: .whole)
            refuse("a read", with: isClosed) { () throws(StorageError) in try store.read(request) }
        }
        for mayWait in [true, false] {
            refuse("a lookup", with: isClosed) { () throws(StorageError) in
                try store.find(.greatest, below: model.end, mayWait: mayWait)
            }
            refuse("a walk", with: isClosed) { () throws(StorageError) in
                try store.headers(HeaderRequest(from: model.end, mayWait: mayWait))
            }
        }
        for duty in [MaintenanceDuty.age, .retention] {
            let done = beginUpkeep(duty, below: model.end)
            expect(done?.sealed == nil, "something is sealed after the close")
            finish(done?.deletion, below: model.end)
        }
        rig.flush()
        expect(store.bounds == before, "the bounds moved after the close")
    }

    /// One thing that may happen.
    fileprivate func act() throws {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<40: try append()
        case 40..<44:
            epoch = LeaderEpoch(epoch.value + 1)
            try append()
            var plan = nextPlan()
            plan.epoch = LeaderEpoch(epoch.value - 1)
            try appendInVain(plan) { $0.isStale }
        case 44..<58:
            let from = Offset(Int64.random(in: model.oldest.value...model.end.value, using: &random))
            checkReads(
                from: from, limits: [random.pick(model.boundaries)],
                lengths: [Int.random(in: 0...2000, using: &random)])
        case 58..<63:
            let target = rig.clock.wallTime().milliseconds - Int64.random(in: -600...60_000, using: &random)
            let query: TimestampQuery =
                random.chance(30) ? .greatest : .atOrAfter(Timestamp(milliseconds: target))
            checkFind(query, below: random.pick(model.boundaries))
        case 63..<68:
            checkHeaders(
                HeaderRequest(
                    from: random.pick(model.boundaries), bytesBack: random.pick([0, 0, 500, 2500]),
                    countMax: Int.random(in: 1...9, using: &random), mayWait: random.chance(50)))
        case 68..<71: trim(to: Offset(Int64.random(in: 0...store.bounds.durableEnd.value, using: &random)))
        case 71..<80: step()
        case 80..<85: flush()
        case 85..<88: maintain(.age)
        case 88..<93: maintain(.retention)
        case 93..<96: rig.clock.advance(milliseconds: Int64.random(in: 1...30_000, using: &random))
        default: reopen(after: random.pick(StoreEnding.allCases))
        }
    }
}
