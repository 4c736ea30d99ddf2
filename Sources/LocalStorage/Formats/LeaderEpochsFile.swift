// The file of leader epochs of a log, in Kafka's format.
internal import Base
package import Storage

extension LeaderEpochs {
    /// The name of the file.
    static let fileName = "leader-epoch-checkpoint"

    /// The epochs in a `leader-epoch-checkpoint`: a line `0`, a line with their number, then `epoch offset`
    /// in each line.
    ///
    /// - Throws: `.corrupt` naming `path` and the position in `bytes`.
    package init(reading bytes: [UInt8], path: String) throws(StorageError) {
        self.init()
        var lines = CheckpointLines(bytes, path: path)
        for _ in 0..<(try lines.header()) {
            let fields = try lines.fields(2)
            guard let epoch = Int32(fields[0]), let start = Int64(fields[1]) else { throw lines.malformed() }
            assign(LeaderEpoch(epoch), from: Offset(start))
        }
        try lines.end()
    }

    /// The text of the file.
    package var bytes: [UInt8] {
        var text = "0\n\(entries.count)\n"
        for entry in entries { text += "\(entry.epoch.value) \(entry.start.value)\n" }
        return Array(text.utf8)
    }
}
