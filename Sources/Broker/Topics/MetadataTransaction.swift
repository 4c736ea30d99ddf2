// Metadata transactions (KIP-868): the records between a begin and an end count together, or not at all.
internal import Protocol

/// Holds records back until their transaction ends.
struct MetadataTransaction: Sendable {
    private var held: [MetadataRecord]?

    /// Whether the log ends within one.
    var isOpen: Bool { held != nil }

    /// The records that count once `record` is there, in order.
    mutating func admit(_ record: MetadataRecord) -> [MetadataRecord] {
        switch record {
        case .beginTransaction:
            held = []
        case .endTransaction:
            defer { held = nil }
            return held ?? []
        case .abortTransaction:
            held = nil
        case let record:
            guard held != nil else { return [record] }
            held?.append(record)
        }
        return []
    }
}
