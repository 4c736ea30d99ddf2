// A disk that fills up: what is refused, what goes on, and how it ends.
import Base
import Protocol
import Records
import Simulation
import TestSupport
import Testing

@testable import Broker
@testable import LocalStorage
@testable import Storage

@Suite("the disk reserve", .endsHangs)
struct DiskReserveTests {
    private static let reserve: Int64 = 1 << 20

    private func lines(_ rig: DirectoryRig, _ event: String) -> Int {
        rig.lines.all.filter { $0.contains(event) }.count
    }

    @Test("below the reserve records are refused and reads go on, until there is space again")
    func refusesAndRecovers() throws {
        let rig = try DirectoryRig(reserveBytes: Self.reserve)
        let scheduler = UpkeepScheduler(clock: rig.clock)
        _ = DirectoryUpkeep(rig.directory, on: scheduler, UpkeepSettings(), clock: rig.clock)
        let log = try rig.createLog("t", producer: 7)
        #expect(!rig.directory.reserve.isReached)
        rig.disk.setCapacity(rig.disk.usedBytes + Int(Self.reserve))
        rig.clock.advance(milliseconds: 10)
        let now = rig.clock.wallTime()
        // The batch that reaches into the reserve is kept; the look at the disk comes with its flush.
        try log.appendRecord(at: now)
        rig.flush()
        #expect(rig.directory.reserve.isReached)
        #expect(throws: StorageError.reserveReached(path: "t-0")) { try log.appendRecord(at: now) }
        #expect(ErrorCode(StorageError.reserveReached(path: "t-0")) == .kafkaStorageError)
        #expect(try log.read(from: .zero, maxBytes: 1 << 20).length > 0)
        // A repeated batch takes no space, so it is known as ever.
        try log.appendRecord(producer: 7, at: now)
        #expect(log.bounds.logEnd == Offset(2))
        rig.clock.advance(milliseconds: 1000)
        scheduler.runDue()
        #expect(rig.directory.reserve.isReached)
        rig.disk.setCapacity(.max)
        rig.clock.advance(milliseconds: 1000)
        scheduler.runDue()
        try log.appendRecord(at: now)
        #expect(lines(rig, "error disk_reserve.reached") == 1)
        #expect(lines(rig, "info disk_reserve.restored") == 1)
    }

    @Test("turns of the flusher in quick succession look at the disk once")
    func seldomLooks() throws {
        let rig = try DirectoryRig(reserveBytes: Self.reserve)
        let log = try rig.createLog("t", producer: 7)
        _ = DirectoryUpkeep(
            rig.directory, on: UpkeepScheduler(clock: rig.clock), UpkeepSettings(), clock: rig.clock)
        rig.clock.advance(milliseconds: 10)
        try log.appendRecord(at: rig.clock.wallTime())
        rig.flush()
        rig.disk.setCapacity(0)
        #expect(!rig.directory.reserve.isReached)
        rig.clock.advance(milliseconds: 9)
        rig.directory.reserve.checkAfterTurn()
        #expect(!rig.directory.reserve.isReached)
        rig.clock.advance(milliseconds: 1)
        rig.directory.reserve.checkAfterTurn()
        #expect(rig.directory.reserve.isReached)
    }

    @Test("below the reserve topics can be deleted and not created, and the broker starts again")
    func topics() throws {
        let disk = SimulatedDisk(seed: 1)
        var settings = BrokerSettings()
        settings.diskReserveBytes = Self.reserve
        let first = try StorageHalf(on: disk, settings)
        #expect(first.create("kept", partitions: 1) == nil)
        #expect(first.create("deleted", partitions: 1) == nil)
        try first.append("kept")
        try first.directory.stop()
        disk.setCapacity(disk.usedBytes + Int(Self.reserve) / 2)
        let second = try StorageHalf(on: disk, settings)
        #expect(second.directory.reserve.isReached)
        #expect(second.create("new", partitions: 1)?.code == .kafkaStorageError)
        #expect(second.catalog.topics["new"] == nil)
        let done = Signal()
        second.catalog.delete([TopicReference(name: "deleted", id: .zero)], by: "test") { results in
            #expect(throws: Never.self) { try results[0].get() }
            done.raise()
        }
        done.wait()
        #expect(try second.log("kept").read(from: .zero, maxBytes: 100).length > 0)
        try second.directory.stop()
        let third = try StorageHalf(on: disk, settings)
        #expect(third.catalog.topics["deleted"] == nil)
        third.directory.abandon()
    }

    @Test("without a reserve the disk is not asked")
    func switchedOff() throws {
        let rig = try DirectoryRig()
        rig.disk.setCapacity(0)
        #expect(!rig.directory.reserve.check())
    }
}
