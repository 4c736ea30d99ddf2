// A number that tells whether the topics that a group reads are still the same: their ids, names and numbers
// of partitions (KIP-1101). It is Kafka's own number, so that a group that changes its broker is not
// rebalanced.
internal import Base

enum MetadataHash {
    /// The number for these topics, of which some may not exist; 0 where none does.
    static func group(_ names: Set<Name>, _ topics: any TopicsView) -> Int64 {
        var bytes: [UInt8] = []
        for name in names.sorted() {
            guard let topic = topics.topic(named: name) else { continue }
            bytes.append(little: Self.topic(topic))
        }
        return bytes.isEmpty ? 0 : Int64(bitPattern: XXH3.hash(bytes))
    }

    /// The number for one topic; its partitions have no racks here.
    static func topic(_ topic: GroupTopic) -> UInt64 {
        var bytes: [UInt8] = [0]  // the version of this layout
        bytes.append(little: topic.id.high)
        bytes.append(little: topic.id.low)
        for unit in topic.name.text.utf16 { bytes.append(little: unit) }
        bytes.append(little: UInt32(topic.name.text.utf16.count))
        bytes.append(little: UInt32(clamping: topic.partitionCount))
        for partition in 0..<topic.partitionCount { bytes.append(little: UInt32(clamping: partition)) }
        return XXH3.hash(bytes)
    }
}

extension [UInt8] {
    /// Appends a number, its lowest byte first.
    fileprivate mutating func append<Number: FixedWidthInteger>(little number: Number) {
        for shift in stride(from: 0, to: Number.bitWidth, by: 8) {
            append(UInt8(truncatingIfNeeded: number >> Number(shift)))
        }
    }
}
