// The tables of API keys and error codes.
import Protocol
import Testing

@Suite struct APIKeyTests {
    @Test("the table has a row for every key, in order", arguments: APIKey.allCases)
    func rows(key: APIKey) throws {
        #expect(Int(key.rawValue) == APIKey.allCases.firstIndex(of: key))
        #expect(key.name.lowercased() == "\(key)".lowercased())
        guard let request = key.requestType, let reply = key.replyType else {
            #expect(key.served == nil)
            return
        }
        #expect(request.key == key && reply.key == key)
        #expect(request.name == key.name + "Request" && reply.name == key.name + "Response")
        #expect(request.versions == reply.versions)
        let served = try #require(key.served)
        #expect(
            request.versions.range.contains(served.lowerBound)
                && request.versions.range.contains(served.upperBound))
    }

    @Test("ApiVersions replies have the oldest header, ControlledShutdown v0 the oldest request header")
    func exceptions() {
        #expect(
            APIKey.apiVersions.requestHeaderVersion(3) == 2 && APIKey.apiVersions.replyHeaderVersion(3) == 0)
        #expect(APIKey.controlledShutdown.requestHeaderVersion(0) == 0)
        #expect(APIKey.produce.served == 0...13 && APIKey.fetch.served == 0...18 && APIKey.vote.served == nil)
        // Version 6 exists, but Kafka 4.3 still calls it unstable.
        #expect(APIKey.initProducerID.served == 0...5)
    }

    @Test("error codes have Kafka's names")
    func errors() {
        #expect(ErrorCode.allCases.count == 135)
        #expect(ErrorCode.unknownServerError.name == "UNKNOWN_SERVER_ERROR" && ErrorCode.none.name == "NONE")
        #expect(
            ErrorCode.unknownTopicID.name == "UNKNOWN_TOPIC_ID" && ErrorCode.unknownTopicID.rawValue == 100)
        #expect(ErrorCode.shareSessionLimitReached.name == "SHARE_SESSION_LIMIT_REACHED")
        for code in ErrorCode.allCases {
            let words = code.name.lowercased().split(separator: "_").joined()
            #expect(words == "\(code)".lowercased())
        }
        #expect(ErrorCode.notCoordinator.isRetriable && !ErrorCode.invalidRecord.isRetriable)
    }
}
