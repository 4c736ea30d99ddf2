// Trimming and upkeep, compared with what the seam allows.
import Base
import Compression
import Records
import Simulation
import Storage

extension Trial {
    func trim(to offset: Offset) {
        guard call("a trim", { () throws(StorageError) in store.trim(to: offset) }) != nil else { return }
        model.start = max(model.start, min(offset, model.end))
        checkBounds()
    }

    /// Does what waits for nothing of a look after the store.
    func beginUpkeep(_ duty: MaintenanceDuty, below limit: Offset, at time: Timestamp? = nil) -> Maintenance?
    {
        let now = time ?? rig.clock.wallTime()
        let done = call("\(duty)") { () throws(StorageError) in
            try store.maintain(duty, at: now, below: limit)
        }
        guard let done else { return nil }
        if let sealed = done.sealed {
            expect(sealed == model.end, "\(sealed.value) was sealed, and the end is \(model.end.value)")
        }
        expect(done.due.map { $0 > now } ?? true, "\(duty) is due again in the past")
        if duty == .age { expect(done.deletion == nil, "something is deleted because it is in the way") }
        checkBounds()
        return done
    }

    /// Does the rest.
    @discardableResult
    func finish(_ deletion: Deletion?, below limit: Offset) -> Expiry? {
        guard let deletion else { return nil }
        defer { breaches += events.takeBreaches() }
        let before = store.bounds
        let expiry: Expiry
        do throws(StorageError) { expiry = try deletion.run() } catch {
            breach("the deletion: \(error)")
            return nil
        }
        let after = store.bounds
        expect(expiry.start == after.start, "the deletion says that \(expiry.start.value) is first")
        expect(after.start <= max(before.start, limit), "\(after.start.value) is first, beyond the limit")
        expect(after.start >= before.start && after.oldest >= before.oldest, "the start went back")
        expect(
            model.boundaries.contains(after.oldest), "\(after.oldest.value) is the oldest, in mid-batch")
        expect(
            expiry.removed == expiry.removed.sorted() && expiry.removed.allSatisfy { $0 < after.oldest },
            "\(expiry.removed.map(\.value)) were deleted, and \(after.oldest.value) is the oldest")
        expect(
            expiry.removed.first.map { $0 == before.oldest } ?? (after.oldest == before.oldest),
            "what was deleted did not begin with the oldest")
        (model.oldest, model.start) = (after.oldest, after.start)
        checkBounds()
        return expiry
    }

    /// Both steps, as a log takes them: nothing that is not durable is deleted.
    @discardableResult
    func maintain(_ duty: MaintenanceDuty, below limit: Offset? = nil) -> Maintenance? {
        let limit = limit ?? store.bounds.durableEnd
        let done = beginUpkeep(duty, below: limit)
        finish(done?.deletion, below: limit)
        return done
    }
}
