// What upkeep did to a store, so that the log above can follow.
package import Base

/// What `rollIfAged` did.
package struct AgedRoll: Equatable, Sendable {
    /// The base of the segment that was opened.
    package var opened: Offset?
    /// When the active segment comes of age; nil if it is empty.
    package var due: Timestamp?

    /// A segment that was opened at `opened`, or will be at `due`.
    package init(opened: Offset? = nil, due: Timestamp? = nil) {
        self.opened = opened
        self.due = due
    }
}

/// What `expire` did.
package struct Expiry: Equatable, Sendable {
    /// The first offset that is left.
    package var start: Offset
    /// The base offsets of the segments that were deleted.
    package var removed: [Offset] = []
    /// When the next segment comes of age; nil if none will.
    package var due: Timestamp?

    /// Nothing but that `start` is the first offset.
    package init(start: Offset) { self.start = start }
}
