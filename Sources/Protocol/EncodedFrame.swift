// Whole frames, as they go onto a connection: four bytes of size, header, body.
package import Base

/// A frame ready to be sent.
package struct EncodedFrame: Sendable {
    /// Size, header and body, without external records; the size counts those too.
    package let bytes: [UInt8]
    /// Where external records go between `bytes`, in rising order; one for each `RecordsField.external`, in
    /// wire order.
    package let cuts: [RecordsCut]
}

extension ReplyMessage {
    /// The reply to the request that came with `header`, in the request's version.
    package consuming func frame(answering header: RequestHeader) throws(WireError) -> EncodedFrame {
        try frame(correlationID: header.correlationID, version: header.requestAPIVersion)
    }

    /// The same with one array that was written beforehand, and that the message leaves empty: it belongs
    /// where the frame is cut.
    package consuming func frame(
        answering header: RequestHeader, with elements: ExternalElements
    ) throws(WireError) -> EncodedFrame {
        try frame(
            correlationID: header.correlationID, version: header.requestAPIVersion, with: elements)
    }

    /// The reply to a request of `version` with `correlationID`.
    package consuming func frame(
        correlationID: Int32, version: Int16, with elements: ExternalElements? = nil
    ) throws(WireError) -> EncodedFrame {
        guard Self.versions.range.contains(version) else { throw WireError(.unsupportedVersion(version)) }
        var writer = MessageWriter(version: version, flexible: Self.versions.isFlexible(version))
        if let elements { writer.announce(elements) }
        writer.prefix(0)
        writer.prefix(correlationID)
        if Self.key.replyHeaderVersion(version) >= 1 { writer.prefixNoTags() }
        try write(&writer)
        return try writer.finishFrame()
    }
}

extension RequestMessage {
    /// A request as a client sends it.
    package consuming func frame(correlationID: Int32, clientID: Name?, version: Int16) throws(WireError)
        -> EncodedFrame
    {
        var header = RequestHeader()
        header.requestAPIKey = Self.key.rawValue
        header.requestAPIVersion = version
        header.correlationID = correlationID
        header.clientID = clientID
        guard Self.versions.range.contains(version) else { throw WireError(.unsupportedVersion(version)) }
        var writer = MessageWriter(version: version, flexible: Self.versions.isFlexible(version))
        writer.prefix(0)
        writer.prefix(try header.bytes(version: Self.key.requestHeaderVersion(version)))
        try write(&writer)
        return try writer.finishFrame()
    }
}
