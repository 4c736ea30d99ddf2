// The corners of the wire format, byte by byte.
import Base
import Testing

@testable import Protocol

@Suite struct MessageReaderTests {
    @Test("any negative length of a nullable array is null, as in Kafka", arguments: [-1, -2, Int32.min])
    func negativeNullable(length: Int32) throws {
        var out = ByteWriter()
        out.integer(length)
        #expect(try MetadataRequest(reading: out.bytes, version: 1).topics == nil)
    }

    @Test("null where the version knows no null is an error with its place", arguments: [-1, -2, Int32.min])
    func negativeRequired(length: Int32) throws {
        var out = ByteWriter()
        out.integer(length)
        #expect(throws: WireError(.unexpectedNull, at: 4, field: "topics")) {
            try MetadataRequest(reading: out.bytes, version: 0)
        }
        var request = MetadataRequest()
        request.topics = nil
        #expect(throws: WireError(.unexpectedNull, at: 0, field: "topics")) { try request.bytes(version: 0) }
    }

    @Test(
        "a string that is not UTF-8 has U+FFFD where Java has it",
        arguments: [
            ([0xc3, 0x28], "\u{fffd}("), ([0xff], "\u{fffd}"), ([0xc0, 0xaf], "\u{fffd}\u{fffd}"),
            ([0xed, 0xa0, 0x80], "\u{fffd}"), ([0xed, 0xa0], "\u{fffd}"), ([0xed, 0xa0, 0x41], "\u{fffd}A"),
            ([0xe2, 0x82], "\u{fffd}"), ([0xf0, 0x9f, 0x98], "\u{fffd}"),
            ([0xf4, 0x90, 0x80], "\u{fffd}\u{fffd}\u{fffd}"),
        ] as [([UInt8], Name)])
    func malformed(_ text: [UInt8], _ expected: Name) throws {
        let bytes = [0, UInt8(text.count)] + text + [UInt8](repeating: 0, count: 6)
        #expect(try HeartbeatRequest(reading: bytes, version: 0).groupID == expected)
    }

    /// The sum is that of Java 17's `new String(bytes, UTF_8).getBytes(UTF_8)` over the same sequences.
    @Test("all sequences of up to four bytes at the bounds of UTF-8 become what Java makes of them")
    func allMalformed() throws {
        let bytes: [UInt8] = [
            0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec,
            0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf8, 0xfc, 0xfe, 0xff,
        ]
        var (sum, count, total) = (UInt64(0xcbf2_9ce4_8422_2325), 0, 1)
        for length in 1...4 {
            total *= bytes.count
            for number in 0..<total {
                var (text, rest) = ([UInt8](), number)
                for _ in 0..<length {
                    text.append(bytes[rest % bytes.count])
                    rest /= bytes.count
                }
                for byte in MalformedText.repaired(text + [0x7a]).utf8 {
                    sum = (sum ^ UInt64(byte)) &* 0x100_0000_01b3
                    count += 1
                }
            }
        }
        #expect(sum == 3_186_108_014_635_738_388 && count == 7_144_768)
    }

    @Test("a string above 32,767 bytes is refused in both directions")
    func longString() throws {
        var request = HeartbeatRequest()
        request.groupID = Name(String(repeating: "x", count: 32_767))
        let bytes = try request.bytes(version: 4)
        #expect(try HeartbeatRequest(reading: bytes, version: 4) == request)
        request.groupID = Name(request.groupID.text + "x")
        #expect(throws: WireError(.tooLong(32_768), at: 0, field: "groupId")) {
            try request.bytes(version: 4)
        }
        // The varint of 32,769: one more than the length.
        let longer: [UInt8] = [0x81, 0x80, 0x02] + [UInt8](repeating: 0x78, count: 40_000)
        #expect(throws: WireError(.tooLong(32_768), at: 3, field: "groupId")) {
            try HeartbeatRequest(reading: longer, version: 4)
        }
    }

    @Test("a varint of six bytes is refused")
    func overlongVarint() {
        #expect(throws: WireError(.overlongVarint, at: 5, field: "groupId")) {
            try HeartbeatRequest(reading: [0xff, 0xff, 0xff, 0xff, 0xff, 1], version: 4)
        }
    }

    @Test("unknown tagged fields are skipped, known ones found in any order")
    func tags() throws {
        var response = ProduceResponse()
        response.throttleTimeMs = 7
        let plain = try response.bytes(version: 10)
        #expect(plain.last == 0)
        // Tag 99 with three bytes, then tag 0 (nodeEndpoints, an empty array), then tag 5 without bytes.
        let tagged = plain.dropLast() + [3, 99, 3, 1, 2, 3, 0, 1, 1, 5, 0]
        #expect(try ProduceResponse(reading: Array(tagged), version: 10) == response)
        let endless = plain.dropLast() + [0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0]
        #expect(throws: WireError.self) { try ProduceResponse(reading: Array(endless), version: 10) }
    }

    @Test("a tagged field whose length is wrong is an error")
    func tagLength() throws {
        var response = ProduceResponse()
        response.nodeEndpoints = [ProduceResponse.NodeEndpoint()]
        var bytes = try response.bytes(version: 10)
        let length = bytes.count - 13
        #expect(bytes[length] == 12)
        bytes[length] = 13
        bytes.append(0)
        #expect(
            throws: WireError(
                .taggedFieldEnd(declared: bytes.count, actual: bytes.count - 1), at: bytes.count - 1)
        ) {
            try ProduceResponse(reading: bytes, version: 10)
        }
    }

    @Test("records are ranges of the frame for the broker, copies for tools")
    func records() throws {
        var request = ProduceRequest()
        request.acks = -1
        var topic = ProduceRequest.TopicProduceData()
        topic.name = "t"
        var partition = ProduceRequest.PartitionProduceData()
        partition.records = .bytes([1, 2, 3])
        topic.partitionData = [partition]
        request.topicData = [topic]
        for version in ProduceRequest.versions.range {
            let frame = try request.frame(correlationID: 1, clientID: "c", version: version).bytes
            let body = Array(frame.dropFirst(4))
            let (header, start) = try RequestHeader.read(from: body.span.bytes)
            #expect(header.key == .produce && header.version == version && header.clientID == "c")
            let read = try ProduceRequest(reading: body.span.bytes, from: start, version: version)
            guard case .frame(let range) = read.topicData[0].partitionData[0].records else {
                Issue.record("no range in v\(version)")
                return
            }
            #expect(Array(body[range]) == [1, 2, 3])
        }
    }

    @Test("external records leave a cut, and the frame's size counts them")
    func cuts() throws {
        var response = FetchResponse()
        var topic = FetchResponse.FetchableTopicResponse()
        for length in [1_000, 0, 70_000] {
            var partition = FetchResponse.PartitionData()
            partition.records = .external(length: length)
            topic.partitions.append(partition)
        }
        response.responses = [topic]
        for version in FetchResponse.versions.range {
            let frame = try response.frame(correlationID: 9, version: version)
            #expect(frame.cuts.map(\.length) == [1_000, 0, 70_000])
            let size = frame.bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) }
            #expect(size == frame.bytes.count - 4 + 71_000)
            // With the records put where the cuts are, the frame reads back.
            var whole = frame.bytes
            for cut in frame.cuts.reversed() {
                whole.insert(contentsOf: repeatElement(0xaa, count: cut.length), at: cut.position)
            }
            let header = APIKey.fetch.replyHeaderVersion(version)
            let start = try 4 + ResponseHeader().bytes(version: header).count
            let read = try FetchResponse(reading: whole.span.bytes, from: start, version: version)
            #expect(read.responses[0].partitions.map(\.records.count) == [1_000, 0, 70_000])
        }
    }

    @Test("an unknown API key has no header")
    func unknownKey() {
        let frame: [UInt8] = [0x03, 0xe7, 0, 0, 0, 0, 0, 1, 0xff, 0xff]
        #expect(throws: WireError(.unknownMessage, field: "requestApiKey")) {
            try RequestHeader.read(from: frame.span.bytes)
        }
    }
}
