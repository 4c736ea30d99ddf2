// What a peer can bring about, it can bring about a hundred thousand times: such events are logged with
// `logLimited`. Those that are not limited stand in a table, each with what bounds it.
import Foundation

/// Compares the events that are logged without a limit with the table of those that may be.
struct LogRule {
    /// The events that need no limit, and why.
    static let unlimited: [String: String] = [
        "broker.ready": start, "broker.signalled": stop,
        "broker.stopped": stop, "broker.stopped_unclean": stop, "broker.stopping": stop,
        "checkpoint.damaged": start, "compaction.completed": opening,
        "compaction.failed": "compaction rests for a minute after it",
        "config.unknown": start, "config.without_effect": start,
        "directory.offline": disk, "directory.strangers": start,
        "disk.full": start, "disk.has_space": "once for each start",
        "index.damaged": "once for each log",
        "journal.damaged": start, "journal.found": start, "journal.frozen": disk, "journal.kept": start,
        "journal.passed_over": start, "journal.replayed": opening,
        "journal.unavailable": "it is tried again after a while only",
        "leader_epochs.raised": start,
        "limits.backlog": start, "limits.descriptors": start, "limits.memory": start,
        "listener.advertised": "once for the broker",
        "log.close.failed": stop, "log.epochs.rebuilt": opening, "log.note.contradicted": opening,
        "log.offline": "once for each log that a disk fails", "log.segment.converted": opening,
        "log.segment.cut": opening, "log.suspect.unmarked": "once for each log that a disk fails",
        "log.tail.cut": opening, "log.txnindex.rebuilt": opening,
        "metadata.snapshot.failed": "it is tried again after a while only", "metadata.without_effect": start,
        "partition.delete.unproved": start, "partition.given_up": opening, "partition.offline": opening,
        "partition.stray": start, "partition.stray_deleted": opening, "partitions.opened": start,
        "recovery.syncing": start,
    ]
    private static let start = "at a start, once"
    private static let stop = "at a stop, once, or once for each log"
    private static let opening = "when a log that a former run left is opened: once for each"
    private static let disk = "once for each data directory that fails"

    private let files: [SourceFile]

    init(files: [SourceFile]) { self.files = files }

    func check(_ table: [String: String] = Self.unlimited) -> [String] {
        let found = files.flatMap(Self.events)
        return found.filter { $0.event.map { table[$0] == nil } ?? true }.map { file, line, event in
            "\(file.path):\(line): \(event ?? "an event without a name of its own") is logged without a "
                + "limit: use logLimited, or say in LogRule what bounds it"
        }
            + Set(table.keys).subtracting(found.compactMap(\.event)).sorted().map {
                "\($0) is limited, or gone: its row in LogRule is not true any more"
            }
    }

    /// The events that a file logs without a limit; nil for one that is not named on the spot.
    private static func events(in file: SourceFile) -> [(file: SourceFile, line: Int, event: String?)] {
        let call = "logger.log("
        return file.code.enumerated().compactMap { index, line in
            guard let place = line.range(of: call) else { return nil }
            let column = line.distance(from: line.startIndex, to: place.upperBound)
            // The name may stand on the next line.
            let rest =
                String(file.lines[index].dropFirst(column)) + "\n"
                + file.lines.dropFirst(index + 1).prefix(2).joined(separator: "\n")
            let parts = rest.split(separator: "\"", maxSplits: 2, omittingEmptySubsequences: false)
            let isNamed = parts.count == 3 && !parts[0].contains(")")
            return (file, index + 1, isNamed ? String(parts[1]) : nil)
        }
    }
}
