// Kafka's error codes are numbers of the wire; this makes one of them an error of Swift.
internal import Protocol

/// An error code where a thrown or returned error is needed.
struct ErrorCodeError: Error {
    let code: ErrorCode
    init(_ code: ErrorCode) { self.code = code }
}
