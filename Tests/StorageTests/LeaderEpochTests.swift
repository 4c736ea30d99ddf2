import Base
import Testing

@testable import Storage

@Test("leader epochs forget what a trim or a cut takes, and keep the epoch that contains the start")
func leaderEpochsFollowTheLog() {
    var epochs = LeaderEpochs()
    for (epoch, start) in [(0, 0), (3, 10), (7, 25)] {
        epochs.assign(LeaderEpoch(Int32(epoch)), from: Offset(Int64(start)))
    }
    var trimmed = epochs
    trimmed.trim(to: Offset(12))
    #expect(trimmed.entries.map(\.start.value) == [12, 25])
    #expect(trimmed.epoch(of: Offset(12)) == LeaderEpoch(3))
    var cut = epochs
    cut.truncate(to: Offset(25))
    #expect(cut.latest?.epoch == LeaderEpoch(3))
    #expect(epochs.end(of: LeaderEpoch(5), logEnd: Offset(30))?.offset == Offset(25))
    #expect(epochs.end(of: LeaderEpoch(8), logEnd: Offset(30)) == nil)
}
