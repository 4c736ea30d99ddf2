// All groups of one shard. A group is of one kind at a time; it changes its kind through records that take
// back the one and write the other.

/// The groups of one shard by their ids.
package struct GroupTable: Sendable {
    /// Groups whose leader assigns.
    package internal(set) var classic: [String: ClassicGroup] = [:]
    /// Groups whose coordinator assigns, as far as the log names them (KIP-848).
    package internal(set) var consumer: Set<String> = []

    /// No groups.
    package init() {}

    /// What kind of group `id` is; nil if there is none.
    package func kind(of id: String) -> GroupKind? {
        if classic[id] != nil { return .classic }
        return consumer.contains(id) ? .consumer : nil
    }

    /// How many groups there are.
    package var count: Int { classic.count + consumer.count }

    /// Notes a group of the new kind; one that was made by commits alone becomes it.
    mutating func noteConsumerGroup(_ id: String) {
        if classic[id]?.isSimple == true { classic[id] = nil }
        consumer.insert(id)
    }

    /// Makes a classic group of `id` unless there is a group of that name.
    mutating func ensureGroup(_ id: String) {
        if kind(of: id) == nil { classic[id] = ClassicGroup(id: id) }
    }
}
