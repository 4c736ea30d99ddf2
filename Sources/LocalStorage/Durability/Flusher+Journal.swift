// A turn through the journal: where many files have a little each, their bytes are copied into one file and
// only that is synced. Whatever the journal cannot take is synced in its own file, as in every other turn.
internal import Base
internal import Storage

extension Flusher {
    /// What a target handed over in this turn.
    struct Share: Sendable {
        var target: any FlushTarget
        var unsynced: Unsynced
    }

    /// Makes what it can of a turn durable by the journal; how many of the first targets it took, and what of
    /// them is left to be synced.
    ///
    /// It ends with the target that fills it up.
    func flushThroughJournal(
        _ turn: ArraySlice<any FlushTarget>, _ journal: Journal
    ) -> (done: Int, rest: [Share]) {
        var rest: [Share] = []
        var runs: [Share] = []
        var entries = Journal.Turn()
        addNotes(to: &entries)
        var done = 0
        for target in turn {
            guard entries.sizeInBytes < JournalLimits.turnBytesMax, rest.count < Self.turnFilesMax else {
                break
            }
            done += 1
            guard let unsynced = target.takeUnsynced() else { continue }
            guard let run = unsynced.run, run.length <= JournalLimits.runBytesMax else {
                rest.append(Share(target: target, unsynced: unsynced))
                continue
            }
            entries.add(run, for: target)
            runs.append(Share(target: target, unsynced: unsynced))
        }
        guard runs.count >= JournalLimits.filesMin else { return (done, rest + runs) }
        do throws(StorageError) {
            guard try journal.write(entries, isDurable: true) else { return (done, rest + runs) }
            for share in runs { finish(share, .success(()), isJournalled: true) }
        } catch {
            journalFailed(error)
            for share in runs { finish(share, .failure(error), isJournalled: true) }
        }
        return (done, rest)
    }

    /// Notes what the turns before made durable in its own files, without a sync: at a recovery it tells
    /// what must be there.
    func writeNotes(_ journal: Journal) {
        var entries = Journal.Turn()
        addNotes(to: &entries)
        guard !entries.entries.isEmpty else { return }
        do throws(StorageError) {
            _ = try journal.write(entries, isDurable: false)
        } catch { journalFailed(error) }
    }

    private func addNotes(to entries: inout Journal.Turn) {
        let notes = state.withLock { state in
            defer { state.notes = [:] }
            return state.notes
        }
        for entry in notes.values { entries.add(entry) }
    }

    /// Keeps the durable end of a file that was synced, for the next turn's notes.
    func keepNote(of unsynced: Unsynced) {
        guard let note = unsynced.note else { return }
        state.withLock { state in
            guard state.notes.count < JournalLimits.notesPending else { return }
            state.notes[note.key] = note
        }
    }

    private func journalFailed(_ error: StorageError) {
        state.withLock { $0.afterJournalFailure }?(error)
    }

    /// Calls `body` when the journal cannot be written any more.
    func afterJournalFailure(_ body: @escaping @Sendable (StorageError) -> Void) {
        state.withLock { $0.afterJournalFailure = body }
    }
}
