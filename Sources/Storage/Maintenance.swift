// What a log is looked after for now and then, and what came of it. It goes in two steps: what changes where
// the log begins and ends is done at once, under the lock of the log above, which notes its state at the same
// offsets; what waits for a disk comes afterwards.
package import Base

/// Why a store is looked after.
package enum MaintenanceDuty: Sendable {
    /// Records that came of age stand in a segment of their own (`segment.ms`); an engine without segments
    /// has nothing to do.
    case age
    /// What retention wants deleted goes, and what lies before the start.
    case retention
}

/// What a look after a store led to.
package struct Maintenance: Sendable {
    /// Nothing more is added to what lies below this offset: the log above may note its state there.
    package var sealed: Offset?
    /// When the store is to be looked after again for the same reason; nil if only after more appends.
    package var due: Timestamp?
    /// What is left to do, and may wait for the disk.
    package var deletion: Deletion?

    /// What was done at once.
    package init(sealed: Offset? = nil, due: Timestamp? = nil, deletion: Deletion? = nil) {
        self.sealed = sealed
        self.due = due
        self.deletion = deletion
    }
}

/// A deletion that is to be done; where the store is closed or has failed meanwhile, nothing is deleted.
package struct Deletion: Sendable {
    private let work: @Sendable () throws(StorageError) -> Expiry

    /// A deletion that `work` does.
    package init(_ work: @escaping @Sendable () throws(StorageError) -> Expiry) { self.work = work }

    /// Does it, and waits for the disk.
    package func run() throws(StorageError) -> Expiry { try work() }
}

/// What was deleted.
package struct Expiry: Equatable, Sendable {
    /// The first offset that is left.
    package var start: Offset
    /// The first offsets of the pieces that were deleted, at which the log above may have noted its state.
    package var removed: [Offset] = []
    /// When the next piece comes of age; nil if none will.
    package var due: Timestamp?

    /// Nothing but that `start` is the first offset.
    package init(start: Offset) { self.start = start }
}
