// Frames of requests that are odd in some way.
import Base
import Protocol
import Simulation
import TestSupport

/// A request that is made for each broker, from the same seed.
struct OddFrame {
    let key: APIKey
    let version: Int16
    /// Its fields before some of them become odd.
    let base: JSONValue
    let seed: UInt64
    let oddFields: Int
    /// What is odd about the frame itself.
    var oddity: FrameOddity?

    /// What can be odd about a frame beside the fields of its request.
    enum FrameOddity: String, CaseIterable {
        case noClientID, oddClientID, endsEarly, goesOn, headerTags
    }

    /// A frame with nothing odd.
    static func plain(
        _ key: APIKey, _ version: Int16, _ request: JSONValue, _ correlationID: Int32
    ) throws -> [UInt8] {
        try OddFrame(key: key, version: version, base: request, seed: 0, oddFields: 0).bytes(
            correlationID, request, OddValues(prefix: "")
        ).bytes
    }

    /// The bytes behind the frame's size, for the broker to whom the request is `resolved`; and what is odd.
    func bytes(
        _ correlationID: Int32, _ resolved: JSONValue, _ values: OddValues
    ) throws -> (bytes: [UInt8], notes: [String]) {
        guard let type = key.requestType else { return ([], []) }
        func written<Request: RequestMessage>(_ type: Request.Type) throws -> (
            bytes: [UInt8], notes: [String]
        ) {
            let known = Request.versions.range
            let bodyVersion = min(max(version, known.lowerBound), known.upperBound)
            let message = try MessageParser.message(
                type, parsing: resolved, version: bodyVersion, skipsOtherVersions: true)
            return try OddWriter.write(
                message, behind: header(correlationID), version: bodyVersion, oddFields: oddFields,
                seed: seed,
                values)
        }
        var (bytes, notes) = try written(type)
        switch oddity {
        case .endsEarly: bytes.removeLast(1 + Int(seed % 5))
        case .goesOn: bytes += [1, 2, 3, 4, 5]
        default: break
        }
        if let oddity { notes.append(oddity.rawValue) }
        return (bytes, notes)
    }

    private func header(_ correlationID: Int32) -> [UInt8] {
        var bytes: [UInt8] = []
        func put<Value: FixedWidthInteger>(_ value: Value) {
            withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
        }
        put(key.rawValue)
        put(version)
        put(correlationID)
        switch oddity {
        case .noClientID: put(Int16(-1))
        case .oddClientID:
            put(Int16(3))
            bytes += [0xff, 0x61, 0xc3]
        default:
            put(Int16(8))
            bytes += Array("compared".utf8)
        }
        guard key.requestHeaderVersion(version) >= 2 else { return bytes }
        bytes += oddity == .headerTags ? [1, 9, 2, 0, 0] : [0]
        return bytes
    }
}
