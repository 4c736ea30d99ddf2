// When recurring work is due. A job runs because somebody requested it, or because its last run said when it
// wants to run again; where neither is so, nothing is armed and the thread sleeps without wake-ups. The jobs
// run one after another, off the event loops; work that takes long belongs on a scheduler of its own.

/// Names a job of one scheduler.
package struct UpkeepID: Hashable, Sendable {
    let index: Int
}

/// Runs recurring jobs on a thread of its own, which sleeps for as long as none is due.
///
///     let job = scheduler.add { log.writeCheckpoint() ? nil : .seconds(60) }
///     scheduler.start(named: "upkeep")
///     scheduler.request(job, within: .seconds(5))
package final class UpkeepScheduler: Sendable {
    /// Does its work once and tells how long it can rest; nil until it is requested again.
    package typealias Job = @Sendable () -> Duration?

    private struct State {
        var jobs: [Job] = []
        /// When each job is due, on the monotonic clock; nil if it rests.
        var due: [Int64?] = []
        var isStarted = false
        var isStopping = false

        var earliest: Int64? { due.compactMap(\.self).min() }
    }

    private let clock: any BrokerClock
    private let state = Lock(State())
    private let news = Signal()
    private let ended = Signal()
    /// Nothing rests longer, as the wall clock, from which jobs reckon, may be set meanwhile.
    private static let restMax = Duration.seconds(86_400)
    /// Nothing rests shorter: a job that always finds something due must not keep a processor busy.
    private static let restMin = Duration.milliseconds(1)

    /// A scheduler without jobs, whose time is that of `clock`.
    package init(clock: any BrokerClock) { self.clock = clock }

    /// Adds a job, which rests until it is requested.
    package func add(_ job: @escaping Job) -> UpkeepID {
        state.withLock { state in
            state.jobs.append(job)
            state.due.append(nil)
            return UpkeepID(index: state.jobs.count - 1)
        }
    }

    /// Sees to it that `job` runs within `delay`; a run that is due earlier stays.
    ///
    /// Cheap enough for every turn of the flusher. From any thread.
    package func request(_ job: UpkeepID, within delay: Duration) {
        let due = clock.monotonicNanoseconds() + Self.nanoseconds(delay)
        let isNews = state.withLock { state in
            if let present = state.due[job.index], present <= due { return false }
            let earliest = state.earliest
            state.due[job.index] = due
            return earliest.map { due < $0 } ?? true
        }
        if isNews { news.raise() }
    }

    /// Runs what is due now; how many nanoseconds remain until something is, or nil if nothing will be.
    @discardableResult
    package func runDue() -> Int64? {
        let count = state.withLock { $0.jobs.count }
        for index in 0..<count {
            let now = clock.monotonicNanoseconds()
            let job: Job? = state.withLock { state in
                guard let due = state.due[index], due <= now, !state.isStopping else { return nil }
                state.due[index] = nil
                return state.jobs[index]
            }
            guard let job, let rest = job() else { continue }
            request(UpkeepID(index: index), within: max(rest, Self.restMin))
        }
        let now = clock.monotonicNanoseconds()
        return state.withLock { $0.earliest }.map { max(0, $0 - now) }
    }

    /// Starts the thread, which yields to others with a `niceness` above 0 (nice(2), up to 19).
    package func start(named name: String = "apus-upkeep", niceness: Int32 = 0) {
        state.withLock { $0.isStarted = true }
        startDetachedThread(named: name, niceness: niceness) { [self] in
            while !state.withLock({ $0.isStopping }) {
                if let rest = runDue() { news.wait(nanoseconds: rest) } else { news.wait() }
            }
            ended.raise()
        }
    }

    /// Whether the running job is the last one.
    package var isStopping: Bool { state.withLock { $0.isStopping } }

    /// Rests in the middle of a job, until the scheduler stops if that is earlier.
    package func rest(nanoseconds: Int64) {
        let end = clock.monotonicNanoseconds() + nanoseconds
        while !isStopping {
            let left = end - clock.monotonicNanoseconds()
            guard left > 0 else { break }
            news.wait(nanoseconds: left)
        }
        // What was raised meanwhile, a stop or a request, is meant for the thread too.
        news.raise()
    }

    /// Starts no further job and ends the thread; waits for the job that is running.
    package func stop() {
        let wasRunning = state.withLock { state in
            defer { state.isStopping = true }
            return state.isStarted && !state.isStopping
        }
        if wasRunning {
            news.raise()
            ended.wait()
        }
        // They hold what asks for them, which holds the scheduler.
        let jobs = state.withLock { state in
            defer { state.jobs = [] }
            return state.jobs
        }
        withExtendedLifetime(jobs) {}
    }

    private static func nanoseconds(_ duration: Duration) -> Int64 {
        let parts = max(.zero, min(duration, restMax)).components
        return parts.seconds * 1_000_000_000 + parts.attoseconds / 1_000_000_000
    }
}
