// Damage that a read comes upon. It is said once, and what lies there is not given out: a reader gets what
// stands before it, and then an error.
internal import Base
internal import Storage

extension SegmentStore {
    /// So many places are remembered; there may be more, of which the oldest are found anew.
    private static let damagedMax = 64

    /// Does a lookup, again if its segment was removed in its middle, and says where it comes upon damage.
    func notingDamage<Result>(
        _ lookup: () throws(StorageError) -> Result
    ) throws(StorageError) -> Result {
        do throws(StorageError) {
            return try unlessRetired(lookup)
        } catch .corrupt(let path, let position, let reason) {
            let error = StorageError.corrupt(path: path, position: position, reason: reason)
            note(DamagedPlace(segment: nil, position: position, previous: position, error: error))
            throw error
        }
    }

    /// Where the bytes from `start` end that can be given out, at most `end`.
    ///
    /// - Throws: what is wrong with the batch at `start`.
    func soundEnd(_ start: Int64, _ end: Int64, _ segment: Segment) throws(StorageError) -> Int64 {
        let damaged = state.withLock { state in
            state.damaged.filter { place in
                place.segment === segment && (place.previous >= start || place.position == start)
            }
        }
        guard let first = damaged.min(by: { $0.position < $1.position }) else { return end }
        if first.position == start, start < end { throw first.error }
        return min(end, first.position)
    }

    /// A range whose batches are compared with what must hold while they are read.
    func checked(
        _ file: any DiskFile, _ range: Range<Int64>, segmentEnd: Int64, _ check: BatchPlaceCheck,
        in segment: Segment
    ) -> CheckedRange {
        CheckedRange(file, range, segmentEnd: segmentEnd, check) { [weak self] previous, position, error in
            self?.note(
                DamagedPlace(segment: segment, position: position, previous: previous, error: error))
        }
    }

    /// Says once what is damaged, and remembers the place.
    private func note(_ found: DamagedPlace) {
        let isNews = state.withLock { state in
            let isKnown = state.damaged.contains { $0.error == found.error && $0.segment === found.segment }
            guard !isKnown else { return false }
            if state.damaged.count == Self.damagedMax { state.damaged.removeFirst() }
            let wasSaid = state.damaged.contains { $0.error == found.error }
            state.damaged.append(found)
            return !wasSaid
        }
        guard isNews else { return }
        services.logger.logLimited(
            .error, "log.damaged", ["directory": directory, "error": found.error.description])
    }
}
