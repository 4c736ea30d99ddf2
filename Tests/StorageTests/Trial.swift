// One store on trial: whatever is done with it is done with the model too, and where the two differ, or the
// seam's words are not kept, that is a breach. Nothing here knows which engine it is.
import Base
import Compression
import Records
import Simulation
import Storage

/// A store, what it should be, and how it fell short of that.
final class Trial {
    let rig: any StoreUnderTest
    var model: StoreModel
    var random: SeededRandom
    var breaches: [String] = []
    private(set) var store: any LogStore
    private(set) var events: EventRecorder
    var config: LogConfig
    var epoch = LeaderEpoch.zero
    /// What the store has shown as durable: no crash may take it back.
    private(set) var promised: Offset
    private(set) var isClosed = false
    private var tag = 0
    private let origin: Offset
    private let wrap: (any LogStore) -> any LogStore

    init(
        _ engine: TestedEngine, _ setup: StoreSetup,
        wrap: @escaping (any LogStore) -> any LogStore = { $0 }
    ) throws {
        rig = try engine.make(setup)
        self.wrap = wrap
        store = wrap(rig.store)
        events = EventRecorder(store)
        store.attach(events)
        model = StoreModel(startingAt: setup.start)
        (promised, origin) = (setup.start, setup.start)
        config = setup.config
        random = SeededRandom(seed: setup.seed ^ 0x5eed)
        checkBounds()
    }

    func breach(_ text: String) { breaches.append(text) }

    func expect(_ isTrue: Bool, _ text: @autoclosure () -> String) { if !isTrue { breach(text()) } }

    /// The result of a call that must succeed; nil where it did not.
    func call<Result>(_ name: String, _ body: () throws(StorageError) -> Result) -> Result? {
        defer { breaches += events.takeBreaches() }
        do throws(StorageError) {
            return try events.during(name, body)
        } catch {
            breach("\(name): \(error)")
            return nil
        }
    }

    /// A call that must fail, and with what.
    func refuse<Result>(
        _ name: String, with isRight: (StorageError) -> Bool, _ body: () throws(StorageError) -> Result
    ) {
        defer { breaches += events.takeBreaches() }
        do throws(StorageError) {
            _ = try events.during(name, body)
            breach("\(name) was not refused")
        } catch {
            expect(isRight(error), "\(name) was refused because \(error)")
        }
    }

    /// What a lookup gives in the end; nil where it gives an error or nothing at all.
    func wait<Value>(_ name: String, _ answer: Eventually<Value>?) -> Value? {
        guard let answer else { return nil }
        switch result(of: answer) {
        case .success(let value): return value
        case .failure(let error): breach("\(name), later: \(error)")
        case nil: breach("\(name) is never answered")
        }
        return nil
    }

    /// What came of a lookup once everything that waits was done.
    func result<Value>(of answer: Eventually<Value>) -> Result<Value, StorageError>? {
        switch answer {
        case .now(let value): return .success(value)
        case .later(let pending):
            rig.answer()
            let result = Lock<Result<Value, StorageError>?>(nil)
            pending.whenDone { done in result.withLock { $0 = done } }
            return result.withLock { $0 }
        }
    }

    /// The bounds must agree with the model and with themselves, and none but the oldest may go back.
    func checkBounds() {
        guard let bounds = call("bounds", { () throws(StorageError) in store.bounds }) else { return }
        expect(bounds.end == model.end, "it ends at \(bounds.end.value), not at \(model.end.value)")
        expect(bounds.start == model.start, "it starts at \(bounds.start.value), not \(model.start.value)")
        expect(bounds.oldest <= bounds.start, "it starts before the oldest record")
        expect(bounds.start <= bounds.end, "it starts behind its end")
        expect(bounds.syncedEnd <= bounds.durableEnd, "less is visible than is synced")
        expect(bounds.durableEnd <= bounds.end, "more is durable than was appended")
        expect(bounds.syncedEnd >= promised, "the synced end went back to \(bounds.syncedEnd.value)")
        if bounds.oldest == model.oldest {
            let size = model.kept.reduce(0) { $0 + Int64($1.bytes.count) }
            expect(store.sizeBytes == size, "\(size) bytes are kept, and \(store.sizeBytes) are told")
        }
        promised = max(promised, bounds.syncedEnd)
        if config.durability == .disk { promised = max(promised, bounds.durableEnd, events.durableEnd) }
    }

    /// A batch that belongs at the end of the store.
    func nextPlan(records: Int? = nil) -> BatchPlan {
        let count = records ?? Int.random(in: 1...4, using: &random)
        let now = rig.clock.wallTime().milliseconds
        var plan = BatchPlan(values: count)
        plan.timestamps = (0..<count).map { _ in now + Int64.random(in: -500...500, using: &random) }
        plan.base = model.end
        plan.epoch = epoch
        plan.codec = random.pick(CompressionCodec.allCases)
        plan.valueBytes = Int.random(in: 0...150, using: &random)
        tag += 1
        plan.tag = tag
        return plan
    }

    /// Hands a batch over, and nothing more.
    func hand(_ batch: ModelBatch) throws(StorageError) -> StoreAppend {
        try store.append(batch.bytes.rawSpan, batch.header, isAwaited: batch.base.value % 2 == 0)
    }

    /// Whether a batch belongs at the end of the store: a log hands over no other.
    private func mayHand(_ batch: ModelBatch) -> Bool {
        let end = store.bounds.end
        expect(end == batch.base, "it ends at \(end.value), where \(batch.base.value) is due")
        return end == batch.base
    }

    /// Appends a batch, which must be accepted; true if it was.
    @discardableResult
    func append(_ plan: BatchPlan? = nil) throws -> Bool {
        let batch = try (plan ?? nextPlan()).made()
        guard mayHand(batch) else { return false }
        let done = call("an append at \(batch.base.value)") { () throws(StorageError) in try hand(batch) }
        guard let done else { return false }
        if let sealed = done.sealed {
            expect(sealed == batch.base, "\(sealed.value) was sealed by an append at \(batch.base.value)")
        }
        model.batches.append(batch)
        model.end = batch.next
        checkBounds()
        return true
    }

    /// Appends a batch, which must be refused and leave no trace.
    func appendInVain(_ plan: BatchPlan? = nil, with isRight: (StorageError) -> Bool) throws {
        let batch = try (plan ?? nextPlan()).made()
        guard mayHand(batch) else { return }
        refuse("an append at \(batch.base.value)", with: isRight) { () throws(StorageError) in
            try hand(batch)
        }
        checkBounds()
    }

    func fill(_ batches: Int) throws { for _ in 0..<batches { try append() } }

    /// Appends batches that are as large on the disk as in memory: many pieces.
    func fillPieces(_ batches: Int) throws {
        for _ in 0..<batches {
            var plan = nextPlan(records: 3)
            (plan.codec, plan.valueBytes) = (.none, 150)
            try append(plan)
        }
    }

    func step() {
        rig.step()
        breaches += events.takeBreaches()
        checkBounds()
    }

    /// Makes everything durable, which must succeed, and must be told.
    func flush() {
        rig.flush()
        breaches += events.takeBreaches()
        checkBounds()
        expect(
            store.bounds.durableEnd == model.end && events.durableEnd == model.end,
            "after a flush \(events.durableEnd.value) was told to be durable of \(model.end.value)")
    }

    func close() {
        _ = call("a close") { () throws(StorageError) in store.close() }
        isClosed = true
    }

    /// Stops the engine, which must succeed.
    func stop() {
        defer { breaches += events.takeBreaches() }
        do {
            try rig.stop()
            isClosed = true
        } catch { breach("the stop: \(error)") }
    }

    /// Stops the engine, which must fail.
    func stopInVain(with isRight: (StorageError) -> Bool) {
        defer { breaches += events.takeBreaches() }
        do {
            try rig.stop()
            breach("the stop went well")
        } catch {
            expect((error as? StorageError).map(isRight) == true, "the stop failed with \(error)")
        }
    }

    /// Another listener takes the place of the one that was attached.
    func attachAnother() {
        breaches += events.takeBreaches()
        events = EventRecorder(store)
        _ = call("an attachment") { () throws(StorageError) in store.attach(events) }
    }

    func update(_ change: (inout LogConfig) -> Void) {
        change(&config)
        let shared = SharedLogConfig(config)
        _ = call("an update") { () throws(StorageError) in store.update(shared) }
    }

    /// Ends the life of the store and looks at what is found afterwards.
    func reopen(after ending: StoreEnding) {
        do {
            try rig.reopen(after: ending)
        } catch {
            breach("it does not open after a \(ending): \(error)")
            return
        }
        store = wrap(rig.store)
        events = EventRecorder(store)
        store.attach(events)
        isClosed = false
        let found = store.bounds
        let isBoundary = found.end == origin || model.batches.contains { $0.next == found.end }
        expect(isBoundary, "it ends at \(found.end.value), where no batch ends")
        expect(found.end <= model.end, "it ends at \(found.end.value), where nothing was appended")
        expect(found.end >= promised, "\(promised.value) was durable, and it ends at \(found.end.value)")
        if ending == .cleanStop {
            expect(found.end == model.end, "a clean stop lost what is behind \(found.end.value)")
        }
        expect(found.start <= max(model.start, found.oldest), "it starts at \(found.start.value)")
        expect(found.oldest >= model.oldest, "what was deleted is there again")
        model.batches.removeAll { $0.base >= found.end }
        (model.oldest, model.start, model.end) = (found.oldest, found.start, found.end)
        promised = found.syncedEnd
        checkBounds()
        checkContent()
    }

    /// Everything from the oldest record on must be there, batch by batch.
    func checkContent() {
        checkHeaders(HeaderRequest(from: model.oldest, mayWait: true))
        var from = model.oldest
        while from < model.end, breaches.isEmpty {
            let request = StoreRead(from: from, limit: model.end, bytesMax: 1 << 30, firstBatch: .whole)
            guard let end = checkRead(request) else { return }
            from = end
        }
    }
}
