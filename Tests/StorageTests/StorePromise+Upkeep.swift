// What trimming and upkeep promise.
import Base
import Compression
import Records
import Simulation
import Storage

extension StorePromise {
    private static func config(_ change: (inout LogConfig) -> Void) -> LogConfig {
        var config = LogConfig.small
        change(&config)
        return config
    }

    static let upkeep: [StorePromise] = [
        StorePromise(sentence: "a trim moves the start, never back, and never beyond the end") { trial in
            try trial.fill(6)
            let end = trial.model.end.value
            for offset in [1, 0, end / 2, end / 3, end / 2 + 1, 0, end, end + 7, end - 1] {
                trial.trim(to: Offset(offset))
                trial.checkFind(.atOrAfter(Timestamp(milliseconds: 0)), below: trial.model.end)
                trial.checkHeaders(HeaderRequest(from: .zero, mayWait: true))
            }
            trial.flush()
            trial.maintain(.retention)
            trial.checkContent()
            try trial.append()
            trial.flush()
            trial.reopen(after: .crash)
        },
        StorePromise(
            sentence: "retention by size keeps what it must, and takes nothing that reaches the limit",
            seeds: 6, config: config { $0.retentionBytes = 2000 }
        ) { trial in
            try trial.fillPieces(9)
            try trial.fill(6)
            for limit in trial.model.boundaries {
                if trial.random.chance(40) { trial.flush() }
                guard limit <= trial.store.bounds.durableEnd else { continue }
                trial.maintain(.retention, below: limit)
                let bytes = trial.model.kept.reduce(0) { $0 + $1.bytes.count }
                trial.expect(bytes >= 2000, "\(bytes) bytes are kept")
            }
            trial.flush()
            trial.maintain(.retention)
            let left = trial.model.kept.reduce(0) { $0 + $1.bytes.count }
            trial.expect(left < 2000 + 2 * 1500, "\(left) bytes are kept")
            trial.reopen(after: .crash)
        },
        StorePromise(
            sentence: "retention by time takes what is old, when it said, and in the end everything",
            config: config { $0.retentionAge = .milliseconds(10_000) }
        ) { trial in
            for _ in 0..<8 {
                try trial.fill(2)
                trial.rig.clock.advance(milliseconds: 2000)
            }
            trial.flush()
            for _ in 0..<20 where trial.model.start < trial.model.end {
                let now = trial.rig.clock.wallTime()
                let done = trial.beginUpkeep(.retention, below: trial.model.end)
                let expiry = trial.finish(done?.deletion, below: trial.model.end)
                for batch in trial.model.batches where batch.base < trial.model.oldest {
                    let isOld = batch.header.maxTimestamp.milliseconds + 10_000 < now.milliseconds
                    // A piece goes when its youngest record is old.
                    trial.expect(isOld, "\(batch.base.value) was deleted, which is young")
                }
                guard trial.model.start < trial.model.end else { break }
                guard let due = expiry?.due ?? done?.due else {
                    return trial.breach("nothing is due, and records are left")
                }
                trial.rig.clock.advance(milliseconds: due.milliseconds - now.milliseconds)
            }
            trial.expect(trial.model.start == trial.model.end, "old records are left")
            try trial.fill(2)
            trial.flush()
            trial.checkContent()
            trial.reopen(after: .cleanStop)
        },
        StorePromise(
            sentence: "what is not to be deleted stays, however old it is",
            config: config {
                ($0.deletes, $0.retentionAge, $0.retentionBytes) = (false, .zero, 0)
            }
        ) { trial in
            try trial.fill(10)
            trial.flush()
            trial.rig.clock.advance(milliseconds: 1 << 40)
            trial.maintain(.retention)
            trial.expect(trial.model.oldest == .zero, "something was deleted")
            trial.checkContent()
        },
        StorePromise(
            sentence: "what came of age stands for itself, and is due only when something is there",
            config: config { $0.segmentAgeMax = .milliseconds(5000) }
        ) { trial in
            try trial.fill(2)
            var due: Timestamp?
            for _ in 0..<3 {
                let done = trial.maintain(.age)
                trial.expect(done?.sealed == nil, "it was closed too early")
                due = done?.due
            }
            guard let due else { return trial.breach("nothing will come of age") }
            let end = trial.model.end
            trial.rig.clock.advance(milliseconds: due.milliseconds - trial.rig.clock.wallTime().milliseconds)
            trial.expect(trial.maintain(.age)?.sealed == end, "the end was not sealed")
            trial.expect(trial.maintain(.age)?.due == nil, "there is nothing left to come of age")
            try trial.fill(2)
            trial.flush()
            trial.checkContent()
            trial.reopen(after: .crash)
        },
        StorePromise(
            sentence: "a deletion that comes after the close does nothing",
            config: config { $0.retentionBytes = 0 }
        ) { trial in
            try trial.fill(8)
            trial.flush()
            let done = trial.beginUpkeep(.retention, below: trial.model.end)
            if trial.random.chance(50) { trial.stop() } else { trial.close() }
            let before = trial.store.bounds
            let expiry = trial.finish(done?.deletion, below: trial.model.end)
            trial.expect(expiry?.removed.isEmpty ?? true, "it deleted something")
            trial.expect(trial.store.bounds == before, "it moved the bounds")
        },
        StorePromise(
            sentence: "after a failure nothing is deleted", config: config { $0.retentionBytes = 0 }
        ) { trial in
            try trial.fill(8)
            trial.flush()
            let end = trial.model.end
            try trial.append()
            trial.rig.failNextSync()
            trial.rig.flush()
            let done = trial.beginUpkeep(.retention, below: end)
            trial.finish(done?.deletion, below: end)
            trial.expect(trial.model.oldest == .zero, "it deleted something")
        },
    ]
}
