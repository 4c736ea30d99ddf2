// The mechanisms of SCRAM (RFC 5802, RFC 7677), and what is kept of a password: two keys, with which a user
// can be told from others, and which are of no use to log in.
internal import CCrypto

/// A mechanism, numbered as in the protocol and in the metadata log (KIP-554).
enum ScramMechanism: Int8, Sendable {
    case sha256 = 1
    case sha512 = 2

    /// How often a password is hashed, at least and at most.
    static let iterations: ClosedRange<Int32> = 4096...16_384

    private var digest: OpaquePointer? {
        switch self {
        case .sha256: unsafe EVP_sha256()
        case .sha512: unsafe EVP_sha512()
        }
    }

    /// What is kept of a password, which is salted and hashed already; nil of an empty one.
    func keys(saltedPassword: [UInt8]) -> (stored: [UInt8], server: [UInt8])? {
        guard !saltedPassword.isEmpty else { return nil }
        let client = code("Client Key", by: saltedPassword)
        return (hash(client), code("Server Key", by: saltedPassword))
    }

    /// The HMAC of `text`.
    private func code(_ text: StaticString, by key: [UInt8]) -> [UInt8] {
        unsafe filled { bytes, count in
            unsafe HMAC(
                digest, key, Int32(clamping: key.count), text.utf8Start, text.utf8CodeUnitCount, bytes, count
            ) != nil
        }
    }

    private func hash(_ data: [UInt8]) -> [UInt8] {
        unsafe filled { bytes, count in
            unsafe EVP_Digest(data, data.count, bytes, count, digest, nil) == 1
        }
    }

    private func filled(
        _ body: (UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<UInt32>) -> Bool
    ) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { buffer, count in
            var written: UInt32 = 0
            guard unsafe body(buffer.baseAddress, &written) else {
                preconditionFailure("libcrypto hashes every text with every key, as long as there is memory")
            }
            count = Int(written)
        }
    }
}
