// Refusals with Kafka's code, and its sentence where the protocol has room for one.
package import Protocol

/// Why a request to a group is refused.
package struct GroupRefusal: Error {
    package let code: ErrorCode
    /// For people; nil where the code says it all.
    package let message: String?

    init(_ code: ErrorCode, _ message: String? = nil) {
        self.code = code
        self.message = message.map(ErrorText.cut)
    }
}
