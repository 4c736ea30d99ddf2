// What lookups promise, at every bound.
import Base
import Compression
import Records
import Simulation
import Storage

extension StorePromise {
    static let reading: [StorePromise] = [
        StorePromise(sentence: "a read finds its bytes at every bound, in every length", seeds: 2) { trial in
            try trial.fill(4)
            trial.flush()
            try trial.fill(1)
            let end = trial.model.end
            for offset in 0...(end.value + 1) {
                let behind = trial.model.boundaries.filter { $0.value > offset }
                let first = trial.model.batches.first { $0.next.value > offset }?.bytes.count ?? 0
                trial.checkReads(
                    from: Offset(offset), limits: [.zero, Offset(offset), Offset(.max)] + behind,
                    lengths: [0, 1, first - 1, first, first + 1, 1 << 20])
            }
        },
        StorePromise(sentence: "a read of what was deleted is out of range, below the start it is not") {
            trial in
            try trial.fillPieces(12)
            trial.flush()
            trial.trim(to: Offset(trial.model.end.value * 2 / 3))
            trial.maintain(.retention)
            let oldest = trial.model.oldest
            trial.expect(oldest > .zero, "what lies before the start is not freed")
            for below in [Offset.zero, oldest.advanced(by: -1)] {
                let request = StoreRead(
                    from: below, limit: trial.model.end, bytesMax: 10, firstBatch: .whole)
                let isRight = { (error: StorageError) in error.isOutOfRange }
                trial.refuse("a read from \(below.value)", with: isRight) { () throws(StorageError) in
                    if case .failure(let error)? = trial.result(of: try trial.store.read(request)) {
                        throw error
                    }
                }
            }
            for from in oldest.value...trial.model.start.value {
                trial.checkReads(
                    from: Offset(from),
                    limits: [trial.model.start, trial.model.end].filter(trial.isBoundary),
                    lengths: [1, 1 << 20])
            }
        },
        StorePromise(sentence: "a lookup by time finds the first record, in batches of every codec", seeds: 4)
        {
            trial in
            for _ in 0..<5 {
                try trial.append()
                trial.rig.clock.advance(milliseconds: 300)
            }
            trial.flush()
            for round in 0..<2 {
                let times = Set(trial.model.batches.joined(\.records).map(\.timestamp))
                let ends = [Int64.min, -2, -1, 0, .max - 1, .max]
                let targets = ends + times.flatMap { [$0 - 1, $0, $0 + 1] }
                for limit in trial.model.boundaries {
                    trial.checkFind(.greatest, below: limit)
                    for target in targets where limit == trial.model.end || trial.random.chance(20) {
                        trial.checkFind(.atOrAfter(Timestamp(milliseconds: target)), below: limit)
                    }
                }
                if round == 0 { trial.trim(to: Offset(trial.random.upTo64(trial.model.end.value))) }
            }
        },
        StorePromise(sentence: "times at the ends of their range, and none at all, are found") { trial in
            for times in [[-1, -1], [0, -1], [.max - 1, 5], [3, .max, 4], [-1]] as [[Int64]] {
                var plan = trial.nextPlan(records: times.count)
                plan.timestamps = times
                try trial.append(plan)
                trial.flush()
                for target in [.min, -1, 0, 1, 5, Int64.max - 1, .max] {
                    let query = TimestampQuery.atOrAfter(Timestamp(milliseconds: target))
                    trial.checkFind(query, below: trial.model.end)
                }
                trial.checkFind(.greatest, below: trial.model.end)
            }
        },
        StorePromise(sentence: "headers come in pieces of every length, from every offset", seeds: 2) {
            trial in
            try trial.fill(5)
            trial.flush()
            try trial.fill(1)
            trial.trim(to: Offset(trial.model.end.value / 2))
            let bytes = trial.model.batches.map(\.bytes.count)
            for from in -1...(trial.model.end.value + 1) {
                for countMax in [0, 1, 2, 5, 1024] {
                    for back in [0, 1, bytes[5] + 1, bytes[3...].reduce(0, +), 1 << 20] {
                        trial.checkHeaders(
                            HeaderRequest(
                                from: Offset(from), bytesBack: back, countMax: countMax,
                                mayWait: trial.random.chance(50)))
                    }
                }
            }
        },
        StorePromise(sentence: "an empty store has nothing, and says so") { trial in
            trial.checkReads(from: .zero, limits: [.zero, Offset(5), Offset(.max)], lengths: [0, 1, 99])
            for query in [TimestampQuery.greatest, .atOrAfter(Timestamp(milliseconds: 0))] {
                trial.checkFind(query, below: .zero)
                trial.checkFind(query, below: Offset(.max))
            }
            for back in [0, 1 << 20] {
                trial.checkHeaders(HeaderRequest(from: .zero, bytesBack: back, mayWait: false))
            }
            trial.trim(to: Offset(5))
            for duty in [MaintenanceDuty.age, .retention] {
                let done = trial.maintain(duty, below: Offset(.max))
                trial.expect(done?.sealed == nil && done?.due == nil, "an empty store is looked after")
            }
            trial.flush()
            trial.reopen(after: .crash)
            trial.reopen(after: .cleanStop)
            try trial.append()
            trial.flush()
        },
        StorePromise(sentence: "what is answered later is right, or says why not, whatever came between") {
            trial in
            for round in 0..<6 {
                try trial.fill(3)
                let end = trial.model.end
                let request = StoreRead(from: .zero, limit: end, bytesMax: 1 << 20, firstBatch: .whole)
                let read = trial.call("a read") { () throws(StorageError) in try trial.store.read(request) }
                let find = trial.call("a lookup") { () throws(StorageError) in
                    try trial.store.find(.greatest, below: end, mayWait: false)
                }
                let expected = trial.model.hit(.greatest, below: end)
                try trial.append()
                if round == 5 { trial.close() }
                guard let read, let find else { return }
                switch trial.result(of: read) {
                case .success(let range): trial.expect(range != nil, "a late read found nothing")
                case .failure(let error): trial.expect(round == 5 && error.isClosed, "a read: \(error)")
                case nil: trial.breach("a read is never answered")
                }
                switch trial.result(of: find) {
                case .success(let hit): trial.expect(hit == expected, "a late lookup found another record")
                case .failure(let error): trial.expect(round == 5 && error.isClosed, "a lookup: \(error)")
                case nil: trial.breach("a lookup is never answered")
                }
            }
        },
    ]
}
