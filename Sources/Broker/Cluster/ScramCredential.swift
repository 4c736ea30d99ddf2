// Users' SCRAM credentials as the metadata has them (KIP-554).
internal import Base
internal import Protocol

/// Which credential: a user has one for each mechanism.
struct ScramCredentialID: Hashable, Comparable, Sendable {
    let name: Name
    /// As the protocol numbers it: 1 for SCRAM-SHA-256, 2 for SCRAM-SHA-512.
    let mechanism: Int8

    static func < (left: Self, right: Self) -> Bool {
        (left.name, left.mechanism) < (right.name, right.mechanism)
    }
}

/// A credential.
struct ScramCredential: Sendable, Equatable {
    let iterations: Int32
    let salt: [UInt8]
    let storedKey: [UInt8]
    let serverKey: [UInt8]
}

extension ScramCredentialID {
    init(_ record: UserScramCredentialRecord) {
        self.init(name: record.name, mechanism: record.mechanism)
    }

    init(_ record: RemoveUserScramCredentialRecord) {
        self.init(name: record.name, mechanism: record.mechanism)
    }
}

extension ScramCredential {
    init(_ record: UserScramCredentialRecord) {
        self.init(
            iterations: record.iterations, salt: record.salt, storedKey: record.storedKey,
            serverKey: record.serverKey)
    }
}

extension UserScramCredentialRecord {
    /// The record that sets a credential.
    init(_ id: ScramCredentialID, _ credential: ScramCredential) {
        self.init()
        (name, mechanism) = (id.name, id.mechanism)
        (iterations, salt) = (credential.iterations, credential.salt)
        (storedKey, serverKey) = (credential.storedKey, credential.serverKey)
    }
}

extension RemoveUserScramCredentialRecord {
    /// The record that takes a credential away.
    init(_ id: ScramCredentialID) {
        self.init()
        (name, mechanism) = (id.name, id.mechanism)
    }
}
