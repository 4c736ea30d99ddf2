// Limits of segments that are no settings.

/// What bounds an active segment.
enum SegmentLimits {
    /// The zeros that an append may write behind its batch.
    static let paddingBytesMax: Int64 = 1 << 16
    /// The largest index file: `segment.index.bytes` is an int32.
    static let indexBytesMax = Int64(Int32.max)
    /// Index entries that an active segment keeps in memory beyond those that are not yet in its file.
    static let indexTailEntries = 4096
    /// Index entries that may wait before they are written.
    static let indexEntriesPending = 256
}
