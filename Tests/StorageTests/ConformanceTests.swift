// Every promise of the seam, on every engine.
import Testing

@Test("engines keep what the seam promises", arguments: TestedEngine.allCases, StorePromise.all)
func engineKeeps(engine: TestedEngine, promise: StorePromise) throws {
    let breaches = try promise.breaches(of: engine)
    #expect(breaches.isEmpty, "\(breaches.prefix(5).joined(separator: "\n"))")
}
