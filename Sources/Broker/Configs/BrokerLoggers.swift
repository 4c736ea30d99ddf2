// The loggers of the broker, as Kafka's tools see them: `root`, and one for each component, which is the
// first part of an event's name. Their levels are gone after a restart, as in Kafka.
internal import Base

internal import enum Protocol.ErrorCode

/// Tells and changes the levels of a broker's loggers.
final class BrokerLoggers: Sendable {
    /// Kafka's levels, of which TRACE is DEBUG here, and nothing is FATAL.
    private enum Level: String, CaseIterable, Sendable {
        case debug = "DEBUG"
        case error = "ERROR"
        case fatal = "FATAL"
        case info = "INFO"
        case trace = "TRACE"
        case warn = "WARN"

        init(_ level: LogLevel) {
            switch level {
            case .debug: self = .debug
            case .info: self = .info
            case .warning: self = .warn
            case .error: self = .error
            }
        }

        /// The least important events that are logged; nil if none are.
        var least: LogLevel? {
            switch self {
            case .trace, .debug: .debug
            case .info: .info
            case .warn: .warning
            case .error: .error
            case .fatal: nil
            }
        }
    }

    /// What events are of: the first parts of their names (`LogRule` compares them).
    static let components: [Name] = [
        "accept", "access", "acl", "backlog", "broker", "broker_config", "checkpoint", "clean_stop",
        "compaction", "config",
        "connection", "connection_limit", "deleted_partition", "directory", "disk", "disk_reserve",
        "feature", "foreign_files", "group_config", "handshake", "index", "index_write", "journal",
        "leader_epochs", "listener", "log", "log_close", "log_note", "log_notes", "log_tail", "loop",
        "marker", "metadata", "metadata_snapshot", "old_version", "partition", "partition_deletion",
        "partition_directory",
        "partition_move",
        "partition_removal", "partitions", "quota", "record_deletion", "recovery", "replication_factor",
        "request_limit", "segment", "segment_deletion", "segment_removal", "segment_roll", "segments",
        "shard", "state_record", "stray_partition", "suspect_log", "topic", "topic_config",
        "transaction", "transaction_index", "transaction_marker", "user",
    ]
    private static let root: Name = "root"

    private let levels: LogLevels
    /// The levels that are set; that of the root always is.
    private let set: Lock<[Name: Level]>

    /// The loggers behind `logger`, which was made with `level`.
    init(_ logger: Logger, level: LogLevel) {
        levels = logger.levels
        set = Lock([Self.root: Level(level)])
    }

    /// The loggers and their levels.
    var entries: [ConfigEntry] {
        let set = set.withLock { $0 }
        let root = set[Self.root] ?? .info
        return ([Self.root] + Self.components).map { name in
            ConfigEntry(logger: name, level: (set[name] ?? root).rawValue)
        }
    }

    /// Changes levels, or with `validateOnly` checks whether it could: all of them, or none.
    func alter(_ edits: [(name: Name, edit: ConfigEdit)], validateOnly: Bool) throws(Refusal) {
        var changes: [(name: Name, level: Level?)] = []
        for (name, edit) in edits { changes.append((name, try Self.level(name, edit))) }
        guard !validateOnly else { return }
        set.withLock { set in
            for (name, level) in changes {
                set[name] = level
                switch (name == Self.root, level) {
                case (true, let level): levels.setRoot(level?.least)
                case (false, let level?): levels.set(name, level.least)
                case (false, nil): levels.unset(name)
                }
            }
        }
    }

    /// The level that an edit gives a logger; nil for that of the root.
    private static func level(_ name: Name, _ edit: ConfigEdit) throws(Refusal) -> Level? {
        switch edit {
        case .set(let text):
            try requireLogger(name)
            guard let level = Level(rawValue: text) else {
                let valid = Level.allCases.map(\.rawValue).joined(separator: ", ")
                throw Refusal(
                    code: .invalidConfig,
                    message: "Cannot set the log level of \(name) to \(text) as it is not a supported log "
                        + "level. Valid log levels are \(valid)")
            }
            return level
        case .delete:
            try requireLogger(name)
            guard name != root else {
                throw .invalidRequest("Removing the log level of the root logger is not allowed")
            }
            return nil
        case .append: throw .notForLoggers("APPEND")
        case .subtract: throw .notForLoggers("SUBTRACT")
        case .unknown(let number):
            throw .invalidRequest("Unknown operations type \(number)")
        case .null: preconditionFailure("values that are null were not refused by checkForm")
        }
    }

    private static func requireLogger(_ name: Name) throws(Refusal) {
        guard name == root || components.contains(name) else {
            throw Refusal(code: .invalidConfig, message: "Logger \(name) does not exist!")
        }
    }
}

extension Refusal {
    fileprivate static func notForLoggers(_ operation: String) -> Refusal {
        .invalidRequest("\(operation) operation is not allowed for the BROKER_LOGGER resource")
    }
}
