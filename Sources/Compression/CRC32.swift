// CRC-32, the checksum of zlib, gzip and the old message formats; batches of format v2 use CRC-32C instead.
internal import CZlib

/// CRC-32 (IEEE 802.3).
package enum CRC32 {
    /// The checksum of `bytes`.
    package static func checksum(_ bytes: RawSpan) -> UInt32 {
        unsafe bytes.withUnsafeBytes { input in
            unsafe UInt32(
                truncatingIfNeeded: crc32_z(
                    0, input.baseAddress?.assumingMemoryBound(to: UInt8.self), input.count))
        }
    }
}
