// Lookups, compared with what the model says.
import Base
import Compression
import Records
import Simulation
import Storage

extension Trial {
    private func describe(_ request: StoreRead) -> String {
        "a read from \(request.from.value) to \(request.limit.value), \(request.bytesMax) bytes"
            + ", a large first batch \(request.firstBatch)"
    }

    /// Reads, and compares every byte; where the next read begins, nil where there is nothing behind it.
    @discardableResult
    func checkRead(_ request: StoreRead) -> Offset? {
        let name = describe(request)
        let answer = call(name) { () throws(StorageError) in try store.read(request) }
        guard let found = wait(name, answer) else { return nil }
        let expected = model.kept.filter {
            $0.header.lastOffset >= request.from && $0.base < request.limit
        }
        guard request.from < request.limit, let first = expected.first else {
            expect(found == nil, "\(name) gives something")
            return nil
        }
        guard let range = found else {
            breach("\(name) gives nothing")
            return nil
        }
        let below = min(range.below, model.end)
        guard below <= request.limit, let end = expected.last(where: { $0.next <= below })?.next, end == below
        else {
            breach("\(name) reaches to \(range.below.value)")
            return nil
        }
        let bytes = expected.prefix { $0.base < below }.joined(\.bytes)
        let wanted =
            switch request.firstBatch {
            case .whole: max(request.bytesMax, first.bytes.count)
            case .none: request.bytesMax < first.bytes.count ? 0 : request.bytesMax
            case .cut: request.bytesMax
            }
        let length = min(bytes.count, max(0, wanted))
        expect(range.length == length, "\(name) gives \(range.length) bytes of \(bytes.count)")
        expect(range.isCut == (range.length < bytes.count), "\(name) does not say whether it was cut")
        do throws(StorageError) {
            let read = try range.source.bytes(range.length, at: range.position)
            expect(read == Array(bytes.prefix(range.length)), "\(name) gives other bytes")
        } catch { breach("\(name): \(error)") }
        return below
    }

    /// Looks a record up by time.
    func checkFind(_ query: TimestampQuery, below limit: Offset, mayWait: Bool? = nil) {
        let name = "a lookup of \(query) below \(limit.value)"
        let mayWait = mayWait ?? random.chance(50)
        let answer = call(name) { () throws(StorageError) in
            try store.find(query, below: limit, mayWait: mayWait)
        }
        guard let found = wait(name, answer) else { return }
        let expected = model.hit(query, below: limit)
        expect(
            found == expected,
            "\(name) gives \(found.map { "\($0.offset.value)" } ?? "nothing"), not "
                + (expected.map { "\($0.offset.value)" } ?? "nothing"))
    }

    /// Walks the headers, piece by piece, to the end.
    func checkHeaders(_ first: HeaderRequest) {
        let name = "a walk from \(first.from.value) in pieces of \(first.countMax), \(first.bytesBack) back"
        var (headers, request) = ([BatchHeader](), first)
        while true {
            let answer = call(name) { () throws(StorageError) in try store.headers(request) }
            guard let run = wait(name, answer) else { return }
            expect(run.headers.count <= max(1, request.countMax), "\(name): a piece is longer")
            headers += run.headers
            guard let next = run.next else { break }
            guard let last = run.headers.last, next > last.lastOffset else {
                return breach("\(name) does not come on")
            }
            request = HeaderRequest(from: next, countMax: first.countMax, mayWait: first.mayWait)
        }
        let kept = Array(model.kept)
        expect(headers == kept.suffix(headers.count).map(\.header), "\(name): the headers are not those")
        let wanted = kept.count { $0.header.lastOffset >= first.from }
        guard first.bytesBack > 0 else {
            return expect(headers.count == wanted, "\(name) gives \(headers.count) batches, not \(wanted)")
        }
        let bytes = kept.suffix(headers.count).reduce(0) { $0 + $1.bytes.count }
        expect(
            headers.count >= wanted && (bytes >= first.bytesBack || headers.count == kept.count),
            "\(name) begins too late")
    }

    /// Reads from `from` to each limit, in each length, as far as these are of interest.
    func checkReads(from: Offset, limits: [Offset], lengths: [Int]) {
        for limit in limits {
            for bytesMax in lengths {
                for first in [LargeFirstBatch.whole, .none, .cut] {
                    var request = StoreRead(
                        from: from, limit: limit, bytesMax: bytesMax, firstBatch: first)
                    request.mayWait = random.chance(50)
                    checkRead(request)
                }
            }
        }
    }
}
