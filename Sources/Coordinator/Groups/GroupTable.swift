// All groups of one shard. A group is of one kind at a time; it changes its kind through records that take
// back the one and write the other.
package import Base

/// The groups of one shard by their ids.
package struct GroupTable: Sendable {
    /// Groups whose leader assigns.
    package internal(set) var classic: [Name: ClassicGroup] = [:]
    /// Groups whose coordinator assigns.
    package internal(set) var consumer: [Name: ConsumerGroup] = [:]

    /// No groups.
    package init() {}

    /// What kind of group `id` is; nil if there is none.
    package func kind(of id: Name) -> GroupKind? {
        if classic[id] != nil { return .classic }
        return consumer[id] == nil ? nil : .consumer
    }

    /// The ids of all groups, in no order.
    var ids: [Name] { Array(classic.keys) + Array(consumer.keys) }

    /// How many groups there are.
    package var count: Int { classic.count + consumer.count }

    /// Makes a classic group of `id` unless there is a group of that name.
    mutating func ensureGroup(_ id: Name) {
        if kind(of: id) == nil { classic[id] = ClassicGroup(id: id) }
    }
}
