// The suite finds what it is there to find.
import Testing

@Test("a store with a fault does not pass", arguments: TestedEngine.allCases, StoreFault.allCases)
func faultIsFound(engine: TestedEngine, fault: StoreFault) throws {
    // Mostly one seed tells.
    for seeds in [1, 3] as [UInt64] {
        for promise in StorePromise.all {
            let breaches = try promise.breaches(of: engine, seeds: min(promise.seeds, seeds)) {
                FaultyStore($0, fault)
            }
            if !breaches.isEmpty { return }
        }
    }
    Issue.record("no promise is broken by a store that \(fault)")
}
