// Work on many files, step by step: each step is taken for all of them before the next one begins. On a file
// system that keeps a journal the first sync of a step makes most of what the step before did durable, and
// the others have little left to do. Calls that change a directory may have to wait for a commit too, so they
// are made by several threads.
internal import Base

/// Work for many: what fails has no part in the steps behind.
///
///     var steps = Steps(logs, threads: 16)
///     steps.take { _, log throws(StorageError) in try log.writeRest() }
///     steps.take { _, log throws(StorageError) in try log.sync() }
///     report(steps.failures)
package struct Steps<Work: Sendable> {
    package private(set) var work: [Work]
    /// What each failed with.
    package private(set) var failures: [StorageError?]
    private let threads: Int

    /// The first step is still to be taken, by so many threads.
    package init(_ work: [Work], threads: Int) {
        self.work = work
        self.threads = threads
        failures = work.map { _ in nil }
    }

    /// The numbers of those that did not fail.
    package var left: [Int] { work.indices.filter { failures[$0] == nil } }

    /// Does `body` for all that are left.
    package mutating func take(
        _ body: @escaping @Sendable (_ number: Int, _ work: inout Work) throws(StorageError) -> Void
    ) {
        let left = left
        let done = Lock((work: work, failures: failures))
        runInParallel(left.count, threads: threads) { place in
            let number = left[place]
            var work = done.withLock { $0.work[number] }
            var failure: StorageError?
            do throws(StorageError) { try body(number, &work) } catch { failure = error }
            // What failed in its middle may have taken something, which its owner has to know.
            done.withLock { [work, failure] in
                $0.work[number] = work
                $0.failures[number] = failure
            }
        }
        (work, failures) = done.withLock { $0 }
    }

    /// All that are left fail.
    package mutating func fail(_ error: StorageError) { failures = failures.map { $0 ?? error } }
}
