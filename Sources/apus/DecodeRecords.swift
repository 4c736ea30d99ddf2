// Record batches for `apus decode --records`. The codec of messages never looks into them; the Records module
// does.
import Base
import Records

/// Bytes that the records of one batch may take uncompressed, so that a small text cannot fill the memory.
private let uncompressedBytesMax = 256 << 20

/// Each batch in `bytes` as JSON; what follows the first broken or cut-off batch is reported as its error.
func describeRecords(_ bytes: [UInt8]) -> [JSONValue] {
    var described: [JSONValue] = []
    let span = unsafe bytes.span.bytes
    var cursor = BatchCursor(span)
    do throws(RecordError) {
        while let batch = try cursor.next() { described.append(describe(batch)) }
    } catch {
        described.append(failure(error, at: cursor.position))
    }
    return described
}

private func failure(_ error: RecordError, at position: Int) -> JSONValue {
    .object([
        JSONMember("position", .integer(Int64(position))), JSONMember("error", .string("\(error)")),
    ])
}

private func describe(_ batch: borrowing RecordBatch) -> JSONValue {
    let header = batch.header
    let attributes = header.attributes
    var members = [
        JSONMember("baseOffset", .integer(header.baseOffset.value)),
        JSONMember("lastOffset", .integer(header.lastOffset.value)),
        JSONMember("bytes", .integer(Int64(header.sizeInBytes))),
        JSONMember("leaderEpoch", .integer(Int64(header.leaderEpoch.value))),
        JSONMember("codec", .string(attributes.codec.map { "\($0)" } ?? "unknown")),
        JSONMember("timestampType", .string("\(attributes.timestampType)")),
        JSONMember("transactional", .bool(attributes.isTransactional)),
        JSONMember("control", .bool(attributes.isControl)),
        JSONMember("producerId", .integer(header.producerID.value)),
        JSONMember("producerEpoch", .integer(Int64(header.producerEpoch))),
        JSONMember("baseSequence", .integer(Int64(header.baseSequence))),
        JSONMember("recordCount", .integer(Int64(header.recordCount))),
    ]
    do throws(RecordError) {
        try batch.verifyChecksum()
        let records = try batch.records(limitBytes: uncompressedBytesMax)
        members.append(JSONMember("records", .array(records.map { describe($0) })))
    } catch {
        members.append(JSONMember("error", .string("\(error)")))
    }
    return .object(members)
}

private func describe(_ record: Record) -> JSONValue {
    var members = [
        JSONMember("offset", .integer(record.offset.value)),
        JSONMember("timestamp", .integer(record.timestamp.milliseconds)),
        text("key", record.key), text("value", record.value),
    ]
    if !record.headers.isEmpty {
        let headers = record.headers.map { header in
            JSONValue.object([text("name", header.name), text("value", header.value)])
        }
        members.append(JSONMember("headers", .array(headers)))
    }
    return .object(members)
}

/// Text where the bytes are UTF-8, else base64 under a name that says so.
private func text(_ name: String, _ bytes: [UInt8]?) -> JSONMember {
    guard let bytes else { return JSONMember(name, .null) }
    if let text = String(validating: bytes, as: UTF8.self) { return JSONMember(name, .string(text)) }
    return JSONMember(name + "Base64", .string(Base64.encode(bytes)))
}
