// What an interrupted compaction left: drafts count for nothing, and a complete segment takes the place of
// those that it was made of.
internal import Base
internal import Records
internal import Storage

extension Recovery {
    /// Removes leftovers, and completes swaps; the files of the partition as they are then.
    func tidyFiles() throws(StorageError) -> [DiskEntry] {
        // Others' files stay, whatever their names end in.
        let found = try disk.list(directory).filter { PartitionFileName.isOfBroker($0.name) }
        let leftovers = [".tmp", Segment.retiredEnding, CompactedSegment.draftEnding]
        for entry in found where leftovers.contains(where: { entry.name.hasSuffix($0) }) {
            try disk.removeIfPresent(directory + "/" + entry.name)
        }
        let swaps = found.map(\.name).filter { $0.hasSuffix(CompactedSegment.swapEnding) }
        for name in swaps {
            let log = name.dropLast(CompactedSegment.swapEnding.count)
            if let base = Segment.offset(in: String(log), suffix: ".log") {
                try completeSwap(at: base, among: found)
            }
        }
        // Without its log, which is renamed last on the way in, an index means nothing.
        for name in swaps { try disk.removeIfPresent(directory + "/" + name) }
        guard swaps.isEmpty else {
            try disk.syncDirectory(directory)
            return try disk.list(directory).filter { PartitionFileName.isOfBroker($0.name) }
        }
        return found.filter { entry in !leftovers.contains { entry.name.hasSuffix($0) } }
    }

    private func completeSwap(at base: Offset, among found: [DiskEntry]) throws(StorageError) {
        let segment = Segment(base: base, directory: directory, disk: disk)
        let swap = segment.path(".log") + CompactedSegment.swapEnding
        let file = try disk.open(swap, .existing)
        var end = base.advanced(by: 1)
        _ = try walkHeaders(of: file, in: 0..<file.size(), blockBytes: 1 << 16, mayWait: true) { header, _ in
            end = header.nextOffset
            return true
        }
        for old in found.compactMap({ Segment.offset(in: $0.name, suffix: ".log") })
        where old > base && old < end {
            try Segment(base: old, directory: directory, disk: disk).remove()
        }
        // Nothing of a compacted segment is aborted, so it has no index of that.
        try disk.removeIfPresent(segment.path(".txnindex"))
        services.logger.log(.info, "compaction.completed", ["file": segment.path(".log")])
        for suffix in Segment.suffixes {
            let path = segment.path(suffix)
            if try disk.entry(at: path + CompactedSegment.swapEnding) != nil {
                try disk.rename(path + CompactedSegment.swapEnding, to: path)
            }
        }
    }
}
