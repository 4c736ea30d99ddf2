import Base
import Testing

@Test("random ids are of version 4, none is reserved, none begins with a dash, and no two are the same")
func randomIDs() {
    var seen: Set<UUID> = []
    for _ in 0..<10_000 {
        let id = UUID.random()
        #expect(id.high >> 12 & 0xf == 4)
        #expect(id.low >> 62 == 0b10)
        #expect(!id.isReserved)
        #expect(id.description.first != "-")
        #expect(UUID(id.description) == id)
        seen.insert(id)
    }
    #expect(seen.count == 10_000)
}
