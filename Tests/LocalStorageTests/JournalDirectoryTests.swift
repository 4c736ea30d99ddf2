// The directory of the journal on a disk whose syncs fail now and then.
import Base
import Simulation
import Testing

@testable import LocalStorage
@testable import Storage

@Suite("the journal's directory")
struct JournalDirectoryTests {
    /// What changes names in it, and whether they are there afterwards.
    enum Change: CaseIterable {
        case create, removeRecovered, removeJournal

        func make(_ directory: JournalDirectory) throws {
            switch self {
            case .create: try directory.create()
            case .removeRecovered: try directory.removeRecovered()
            case .removeJournal: try directory.removeJournal()
            }
        }

        func isMade(_ directory: JournalDirectory) throws -> Bool {
            switch self {
            case .create: try directory.disk.entry(at: directory.path) != nil
            case .removeRecovered: try directory.disk.entry(at: directory.recoveredPath) == nil
            case .removeJournal: try directory.disk.entry(at: directory.path) == nil
            }
        }
    }

    @Test(
        "a change whose sync failed is durable once it is made again", arguments: Change.allCases, [0, 1])
    func isSyncedAgain(change: Change, skip: Int) throws {
        // What was not synced may be there after a power cut, or not.
        for seed in UInt64(0)..<16 { try failOnce(change, skip: skip, on: SimulatedDisk(seed: seed)) }
    }

    private func failOnce(_ change: Change, skip: Int, on disk: SimulatedDisk) throws {
        try disk.createDirectory("/data")
        try disk.syncDirectory("/")
        let directory = JournalDirectory(in: "/data", disk: disk)
        if change != .create {
            try directory.create()
            let name = change == .removeJournal ? directory.journalPath : directory.recoveredPath
            try disk.open(name, .any).sync()
            try disk.syncDirectory(directory.path)
        }
        disk.fail(.syncDirectory, errno: 5, skip: skip)
        let hasFailed = (try? change.make(directory)) == nil
        // Only the removal of the directory itself takes two syncs.
        #expect(hasFailed == (skip == 0 || change == .removeJournal))
        if hasFailed { try change.make(directory) }
        #expect(try change.isMade(JournalDirectory(in: "/data", disk: disk.afterPowerCut())))
    }
}
