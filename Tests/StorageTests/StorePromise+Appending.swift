// What an append promises: order, epochs, durability, and what happens when that cannot be had.
import Base
import Compression
import Records
import Simulation
import Storage

extension StorePromise {
    static let appending: [StorePromise] = [
        StorePromise(sentence: "batches follow on each other and are found as they were appended") { trial in
            for _ in 0..<12 {
                try trial.append()
                if trial.random.chance(30) { trial.step() }
            }
            trial.checkContent()
            trial.flush()
            trial.checkContent()
        },
        StorePromise(sentence: "an epoch that is over is refused and leaves no trace") { trial in
            for epoch in [0, 0, 3, 7, Int32.max] {
                trial.epoch = LeaderEpoch(epoch)
                try trial.append()
                for old in [-1, 0, epoch - 1] where old < epoch {
                    var plan = trial.nextPlan()
                    plan.epoch = LeaderEpoch(old)
                    try trial.appendInVain(plan) { $0.isStale }
                }
                try trial.append()
                if trial.random.chance(50) { trial.flush() }
            }
            trial.flush()
            trial.checkContent()
        },
        StorePromise(sentence: "what was shown as durable survives a crash", seeds: 12) { trial in
            for _ in 0..<4 {
                for _ in 0..<trial.random.upTo(5) {
                    try trial.append()
                    if trial.random.chance(40) { trial.step() }
                }
                if trial.random.chance(50) { trial.flush() }
                try trial.fill(trial.random.upTo(3))
                trial.reopen(after: .crash)
            }
            try trial.append()
            trial.flush()
            trial.checkContent()
        },
        StorePromise(sentence: "after a failed sync no append is accepted, and readers keep the rest") {
            trial in
            try trial.fill(4)
            trial.flush()
            let durable = trial.model.end
            try trial.fill(3)
            trial.rig.failNextSync()
            trial.rig.flush()
            trial.checkBounds()
            trial.expect(trial.events.failure != nil, "the failure was not told")
            trial.expect(trial.store.bounds.durableEnd < trial.model.end, "lost batches became durable")
            for _ in 0..<3 {
                try trial.appendInVain { $0.isOffline }
                trial.rig.flush()
            }
            trial.checkReads(from: .zero, limits: [durable], lengths: [1 << 20])
            trial.checkFind(.greatest, below: durable)
            trial.checkHeaders(HeaderRequest(from: .zero, mayWait: false))
            trial.stopInVain { $0.isOffline }
            trial.reopen(after: .crash)
            try trial.append()
            trial.flush()
        },
        StorePromise(sentence: "a failure is told once to whoever is attached after it") { trial in
            try trial.fill(2)
            trial.rig.failNextSync()
            trial.rig.flush()
            trial.attachAnother()
            for _ in 0..<2 { trial.rig.flush() }
            trial.checkBounds()
            trial.expect(trial.events.failure != nil, "the failure was not told")
        },
        StorePromise(sentence: "an append that was refused leaves no trace, and the next one is accepted") {
            trial in
            for round in 0..<6 {
                try trial.append()
                if round % 2 == 0 { trial.flush() }
                trial.rig.refuseNextAppend()
                try trial.appendInVain { $0.isOutOfSpace }
                try trial.append()
            }
            trial.flush()
            trial.checkContent()
            trial.reopen(after: .crash)
        },
        StorePromise(sentence: "a batch that fits nowhere is refused, by the settings of the moment") {
            trial in
            try trial.append()
            var plan = trial.nextPlan(records: 1)
            (plan.codec, plan.valueBytes) = (.none, 2000)
            try trial.appendInVain(plan) { $0.isTooLarge }
            trial.update { $0.segmentBytes = 4000 }
            try trial.append(plan)
            trial.update { $0.segmentBytes = 1000 }
            plan.base = trial.model.end
            try trial.appendInVain(plan) { $0.isTooLarge }
            try trial.append()
            trial.flush()
            trial.checkContent()
        },
        StorePromise(sentence: "with apus.durability=os readers see what was appended, at once") { trial in
            try trial.fill(3)
            trial.update { $0.durability = .os }
            for _ in 0..<3 {
                try trial.append()
                trial.expect(trial.store.bounds.durableEnd == trial.model.end, "what is appended is hidden")
                if trial.random.chance(50) { trial.flush() }
            }
            trial.flush()
            trial.stop()
            trial.expect(trial.store.bounds.syncedEnd == trial.model.end, "a clean stop synced not all")
        },
        StorePromise(
            sentence: "offsets up to the last there are can be used", start: Offset(.max - 40)
        ) { trial in
            trial.epoch = LeaderEpoch(.max)
            try trial.fill(2)
            trial.flush()
            trial.reopen(after: .crash)
            while trial.model.end.value < Int64.max - 4 { try trial.append() }
            try trial.append(trial.nextPlan(records: Int(Int64.max - trial.model.end.value)))
            trial.flush()
            for from in trial.model.boundaries {
                trial.checkReads(from: from, limits: [trial.model.end, Offset(.max)], lengths: [0, 1 << 20])
                trial.checkHeaders(HeaderRequest(from: from, countMax: 2, mayWait: true))
            }
            trial.checkFind(.greatest, below: Offset(.max))
            trial.reopen(after: .cleanStop)
        },
    ]
}
