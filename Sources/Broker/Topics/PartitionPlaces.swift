// Which data directory a partition lies in: at start that where it is found, for a new one that with the
// fewest partitions, as Kafka has it (KIP-113, KIP-858).
internal import Base
internal import Storage

/// Where partitions lie when the broker starts.
struct PartitionPlaces {
    private let found: [TopicPartition: any StoragePlace]
    private let byID: [UUID: any StoragePlace]
    /// For partitions that no record and no directory places.
    private let first: any StoragePlace

    /// Looks through all directories for the topics of `image`.
    ///
    /// Throws if a partition is in two of them: nobody can tell which is the right one.
    init(_ image: MetadataImage, _ storage: any StorageEngine) throws(StartError) {
        var found: [TopicPartition: any StoragePlace] = [:]
        do throws(StorageError) {
            for directory in storage.places {
                for partition in try directory.partitionNames() {
                    // Where there is no choice nobody need look into thousands of directories.
                    guard storage.places.count > 1 else {
                        found[partition] = directory
                        continue
                    }
                    let entry = try directory.look(at: partition)
                    // What an earlier topic of this name left says nothing about where this one lies.
                    if let id = entry.topicID, image.topics[id] == nil { continue }
                    guard let other = found.updateValue(directory, forKey: partition) else { continue }
                    throw StorageError.partitionExists(path: "\(entry.path) (and in \(other.path))")
                }
            }
        } catch {
            throw StartError("a partition may lie in one data directory only: \(error)")
        }
        self.found = found
        byID = Dictionary(
            storage.places.map { ($0.directoryID, $0) }, uniquingKeysWith: { first, _ in first })
        first = storage.places[0]
    }

    /// Whether there is a directory of the partition.
    func isFound(_ partition: TopicPartition) -> Bool { found[partition] != nil }

    /// The directory of a partition; nil if it was given one that is not there, and whatever it holds with
    /// it.
    func directory(of partition: TopicPartition, _ state: MetadataImage.PartitionState?) -> (
        any StoragePlace
    )? {
        if let directory = found[partition] { return directory }
        guard let id = state?.directory, !id.isReserved else { return first }
        return byID[id]
    }
}

/// How many partitions each directory has, while new ones are given out.
struct DirectoryLoads {
    private var loads: [(directory: any StoragePlace, count: Int)]

    /// The loads of the directories that take new partitions: all of them, but where there is a choice none
    /// that has failed or is nearly full.
    init(_ storage: any StorageEngine) {
        let fit = storage.places.filter { !$0.hasFailed && !$0.isFull }
        loads = (fit.isEmpty ? storage.places : fit).map { directory in
            (directory, directory.partitionCount)
        }
    }

    /// The directory of the next partition.
    mutating func next() -> any StoragePlace {
        var least = 0
        for number in loads.indices where loads[number].count < loads[least].count { least = number }
        loads[least].count += 1
        return loads[least].directory
    }
}
