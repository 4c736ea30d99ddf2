// Which loops stand still, told by looking at them from time to time: plain arithmetic on what is seen, so
// that a test looks whenever it likes.

/// What one look sees of a loop.
struct LoopSample: Equatable {
    /// How often it has come round.
    var steps: Int
    /// When its present turn began; nil while it sleeps.
    var turnBegan: Int64?
}

/// What is worth telling about a loop, with how long one of its turns has taken, in nanoseconds.
enum LoopReport: Equatable {
    /// It has been in one turn all the time.
    case stuck(loop: Int, nanoseconds: Int64)
    /// The turn that was reported, which began at `since`, is over.
    case turnsAgain(loop: Int, since: Int64)
}

/// The memory of the watchdog from one look to the next.
struct StuckLoops {
    private struct Known {
        var sample: LoopSample?
        /// When the turn began that was reported, and how long it has to take until it is again.
        var reported: (turn: Int64, again: Int64)?
    }

    /// How long a turn may take, in nanoseconds; also the time from one look to the next.
    let limit: Int64
    private var known: [Known]
    /// No loop was seen awake, and none has turned since the look before.
    private(set) var isQuiet = false

    /// Knows nothing of `count` loops yet.
    init(count: Int, limit: Int64) {
        self.limit = limit
        known = Array(repeating: Known(), count: count)
    }

    /// Looks at all loops at `now`, having rested since `rested`.
    ///
    /// A rest that took far longer than it was to says that the whole process did not run: that is no loop's
    /// fault, so such a look reports nothing new.
    mutating func look(_ loops: [LoopSample], at now: Int64, since rested: Int64) -> [LoopReport] {
        var reports: [LoopReport] = []
        let isLate = now - rested > 2 * limit
        isQuiet = true
        for (index, sample) in loops.enumerated() {
            if sample.turnBegan != nil || sample != known[index].sample { isQuiet = false }
            known[index].sample = sample
            if let (turn, _) = known[index].reported, turn != sample.turnBegan {
                reports.append(.turnsAgain(loop: index, since: turn))
                known[index].reported = nil
            }
            guard !isLate, let turn = sample.turnBegan else { continue }
            let stood = now - turn
            guard stood >= known[index].reported?.again ?? limit else { continue }
            reports.append(.stuck(loop: index, nanoseconds: stood))
            // Doubling from the limit, whatever the moment of a look.
            var again = known[index].reported?.again ?? limit
            while again <= stood { again *= 2 }
            known[index].reported = (turn, again)
        }
        return reports
    }
}
