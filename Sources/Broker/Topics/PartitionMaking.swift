// Making and deleting the partitions of topics that the metadata log already speaks of. Thousands of them are
// minutes of waiting for the disk one by one, and seconds by the slice; after each slice it is another
// topic's turn, so that nobody waits for all of somebody else's. What a request waits for comes first.
internal import Base
internal import Storage

/// The thread that makes and deletes partitions; it exists only while there is work.
final class PartitionMaking: Sendable {
    /// A topic whose partitions are made, or deleted, slice by slice.
    struct Job: Sendable {
        /// Does the work for some of the partitions.
        let work: @Sendable ([Partition]) -> Void
        /// Those that are left.
        var partitions: ArraySlice<Partition>
        let done: @Sendable () -> Void
    }

    private struct State {
        /// In the order of their turns.
        var jobs: [Job] = []
        /// New partitions that somebody waits for.
        var urgent: [Partition] = []
        var urgentWork: @Sendable ([Partition]) -> Void = { _ in }
        var isRunning = false
        var isStopped = false
        /// How many partitions were worked on since free memory was given back.
        var worked = 0
    }
    private let state = Lock(State())
    /// Raised when the thread ends after a stop.
    private let hasEnded = Signal()
    /// So many partitions are a turn: enough that their syncs are shared, and over in a moment.
    static let sliceMax = 200
    /// After so many partitions what lies free between them is given back: each change of topics leaves a
    /// directory of all of them behind, and each opening what it was done with.
    static let workedMax = 1000

    /// Takes a job in.
    func add(_ job: Job) {
        let mustStart = state.withLock { state in
            state.jobs.append(job)
            return Self.mustStart(&state)
        }
        if mustStart { start() }
    }

    /// Does `work` for a partition next; it is the same for all of these.
    func hurry(_ partition: Partition, by work: @escaping @Sendable ([Partition]) -> Void) {
        let mustStart = state.withLock { state in
            state.urgent.append(partition)
            state.urgentWork = work
            return Self.mustStart(&state)
        }
        if mustStart { start() }
    }

    /// Nothing is begun or under way when it returns; what is left, the next start makes up for.
    func stop() {
        let isRunning = state.withLock { state in
            state.isStopped = true
            state.jobs = []
            state.urgent = []
            return state.isRunning
        }
        if isRunning { hasEnded.wait() }
    }

    private static func mustStart(_ state: inout State) -> Bool {
        guard !state.isStopped, !state.isRunning else { return false }
        state.isRunning = true
        return true
    }

    private func start() {
        startDetachedThread(named: "apus-topics") { [self] in
            while let (work, partitions, done) = next() {
                work(partitions)
                done?()
            }
            if hasWorkedMuch() { Machine.returnFreeMemory() }
            if state.withLock({ $0.isStopped }) { hasEnded.raise() }
        }
    }

    /// Whether enough was done for free memory to be given back, which counts as done then.
    private func hasWorkedMuch() -> Bool {
        state.withLock { state in
            guard state.worked >= Self.workedMax else { return false }
            state.worked = 0
            return true
        }
    }

    /// The next turn: what it does, for whom, and whom to tell; nil when there is none.
    private func next() -> (@Sendable ([Partition]) -> Void, [Partition], (@Sendable () -> Void)?)? {
        state.withLock { state in
            if !state.urgent.isEmpty {
                let slice = state.urgent.prefix(Self.sliceMax)
                state.urgent.removeFirst(slice.count)
                state.worked += slice.count
                return (state.urgentWork, Array(slice), nil)
            }
            guard !state.jobs.isEmpty else {
                state.isRunning = false
                return nil
            }
            var job = state.jobs.removeFirst()
            let slice = job.partitions.prefix(Self.sliceMax)
            state.worked += slice.count
            job.partitions = job.partitions.dropFirst(slice.count)
            if !job.partitions.isEmpty { state.jobs.append(job) }
            return (job.work, Array(slice), job.partitions.isEmpty ? job.done : nil)
        }
    }
}
