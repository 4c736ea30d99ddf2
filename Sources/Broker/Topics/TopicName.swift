// Which names a topic can have: they are also directory names, and metric names in which dots become
// underscores.
package import Base

internal import enum Protocol.ErrorCode

/// Rules for topic names.
package enum TopicName {
    /// Topics that the broker itself writes; clients may not create or delete records in them at will.
    package static let internalNames: Set<Name> = [
        "__consumer_offsets", "__transaction_state", "__share_group_state",
    ]
    /// The metadata log's topic, which is never visible as a topic.
    package static let clusterMetadata: Name = "__cluster_metadata"

    /// Why `name` cannot be a topic's name, or nil if it can.
    package static func problem(with name: Name) -> String? {
        if name.isEmpty { return "the empty string is not allowed" }
        if name == "." || name == ".." { return "'\(name)' is not allowed" }
        if name.utf8.count > TopicNameRule.bytesMax {
            return "the length of '\(name)' is longer than the max allowed length \(TopicNameRule.bytesMax)"
        }
        guard name.utf8.allSatisfy(TopicNameRule.isAllowed) else {
            return
                "'\(name)' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"
        }
        return nil
    }

    /// Refuses what cannot be a topic's name.
    static func check(_ name: Name) throws(Refusal) {
        guard let problem = problem(with: name) else { return }
        throw Refusal(code: .invalidTopicException, message: "Topic name is invalid: \(problem)")
    }

    /// The form under which two names collide: metric names cannot tell a dot from an underscore.
    package static func collisionForm(_ name: Name) -> Name {
        Name(
            String(
                decoding: name.utf8.map { $0 == UInt8(ascii: ".") ? UInt8(ascii: "_") : $0 }, as: UTF8.self))
    }

    /// The same for names that another one can collide with; nil for all others.
    static func collisionKey(_ name: Name) -> Name? {
        let isAmbiguous = name.utf8.contains { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_") }
        return isAmbiguous ? collisionForm(name) : nil
    }
}
