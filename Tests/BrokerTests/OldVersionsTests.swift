import Base
import Protocol
import TestSupport
import Testing

@testable import Broker

@Suite("versions that Kafka dropped", .serialized, .endsHangs)
struct OldVersionsTests {
    @Test("are counted by key, version and software, and the first of each has a line in the log")
    func counts() throws {
        let rig = try BrokerRig()
        let (silent, named) = (try rig.connect(), try rig.connect())
        var versions = ApiVersionsRequest()
        (versions.clientSoftwareName, versions.clientSoftwareVersion) = ("library", "1.0")
        try named.send(versions, version: 3)
        for _ in 0..<3 { try silent.send(ListOffsetsRequest(), version: 0) }
        try named.send(ListOffsetsRequest(), version: 0)
        try named.send(OffsetFetchRequest(), version: 0)
        // These Kafka has too.
        try named.send(ListOffsetsRequest(), version: 1)
        try named.send(MetadataRequest(), version: 0)
        let library = Session.Software(name: "library", version: "1.0")
        let (known, others) = rig.broker.oldVersions.counts
        #expect(
            known == [
                .init(key: .listOffsets, version: 0, software: nil): 3,
                .init(key: .listOffsets, version: 0, software: library): 1,
                .init(key: .offsetFetch, version: 0, software: library): 1,
            ])
        #expect(others == 0)
        let lines = rig.lines.all.filter { $0.contains(" old_version.used ") }
        #expect(lines.count == 3)
        #expect(
            lines.first?.contains("api=ListOffsets version=0 kept_from=1 software=unknown client=rig@")
                == true)
        #expect(lines.last?.contains("software=\"library 1.0\"") == true)
    }

    @Test("are counted together once there are too many kinds of clients")
    func bounded() throws {
        let rig = try BrokerRig()
        let client = try rig.connect()
        for number in 0..<(OldVersions.usesMax + 5) {
            var versions = ApiVersionsRequest()
            (versions.clientSoftwareName, versions.clientSoftwareVersion) = ("library", Name("\(number)"))
            try client.send(versions, version: 3)
            try client.send(ListOffsetsRequest(), version: 0)
            while client.takeReply() != nil {}
        }
        let (known, others) = rig.broker.oldVersions.counts
        #expect(known.count == OldVersions.usesMax)
        #expect(others == 5)
    }
}
