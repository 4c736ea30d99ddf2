// How descriptors are shared out.
import Testing

@testable import Broker

@Test(
    "files and connections share what the system grants, and neither is left without",
    arguments: [(1024, Int.max), (1024, 100), (1_048_576, Int(Int32.max)), (256, 1000), (10, 10), (0, 0)])
func shares(limit: Int, connections: Int) {
    let budget = DescriptorBudget(limit: limit, connections: connections)
    #expect(budget.connections <= connections)
    #expect(budget.files >= 1)
    #expect(budget.connections >= min(1, connections))
    if limit >= 128 {
        #expect(budget.files + budget.connections + DescriptorBudget.otherMax == limit)
        #expect(budget.files >= budget.connections)
    }
}
