// What an engine holds of a log that is open.
internal import Storage

/// A log, and the files under it.
struct OpenLog: Sendable {
    let log: PartitionLog
    let store: SegmentStore
}
