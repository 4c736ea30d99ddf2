import Base
import Testing

@testable import Broker

@Suite("topic names")
struct TopicNameTests {
    @Test(
        "names that can be directories are valid",
        arguments: ["a", "A.b_c-9", Name(String(repeating: "x", count: 249)), "__x", "..."])
    func valid(name: Name) {
        #expect(TopicName.problem(with: name) == nil)
    }

    @Test(
        "other names are not",
        arguments: ["", ".", "..", "a b", "ä", "a/b", "a\u{0}", Name(String(repeating: "x", count: 250))])
    func invalid(name: Name) {
        #expect(TopicName.problem(with: name) != nil)
    }

    @Test("a dot and an underscore collide")
    func collisions() {
        #expect(TopicName.collisionForm("a.b_c") == TopicName.collisionForm("a_b.c"))
        #expect(TopicName.collisionForm("a.b") != TopicName.collisionForm("a-b"))
    }
}
