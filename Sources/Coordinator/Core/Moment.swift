// Time is an argument: a coordinator never asks what time it is.
package import Base

/// One moment on both clocks.
package struct Moment: Hashable, Sendable {
    /// Nanoseconds of the monotonic clock, for deadlines.
    package var monotonic: Int64
    /// The wall clock, for what is written down.
    package var wall: Timestamp

    /// The moment that both clocks show.
    package init(monotonic: Int64, wall: Timestamp) {
        self.monotonic = monotonic
        self.wall = wall
    }

    /// The monotonic time `milliseconds` from now.
    package func after(milliseconds: Int32) -> Int64 {
        monotonic &+ Int64(max(0, milliseconds)) * 1_000_000
    }
}
