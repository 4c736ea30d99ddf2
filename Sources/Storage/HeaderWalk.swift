// Walks over a log by its headers, for whoever may wait: starts, the pool, tests.
package import Base
package import Records

extension LogStore {
    /// Visits the headers of all batches from the one that contains `offset`, or from `bytesBack` bytes
    /// before the end of the store if that is earlier, until `visit` returns false.
    ///
    /// Waits for the engine.
    package func walk(
        from offset: Offset, bytesBack: Int = 0, _ visit: (BatchHeader) throws(StorageError) -> Bool
    ) throws(StorageError) {
        var request = HeaderRequest(from: offset, bytesBack: bytesBack, mayWait: true)
        while true {
            let run = try headers(request).wait()
            for header in run.headers { guard try visit(header) else { return } }
            guard let next = run.next else { return }
            request = HeaderRequest(from: next, mayWait: true)
        }
    }
}
