// CRC-32C over Swift bytes; the work is done in the C target CCRC32C, by the processor's instruction where
// there is one.
internal import CCRC32C

/// CRC-32C (Castagnoli), the checksum of record batches (format v2) and of our own files.
package enum CRC32C {
    /// The checksum of `bytes`, continuing from `crc` (0 to begin).
    package static func checksum(_ bytes: RawSpan, continuing crc: UInt32 = 0) -> UInt32 {
        unsafe bytes.withUnsafeBytes { unsafe apus_crc32c(crc, $0.baseAddress, $0.count) }
    }

    /// The same by table, for comparison.
    package static func portableChecksum(_ bytes: RawSpan, continuing crc: UInt32 = 0) -> UInt32 {
        unsafe bytes.withUnsafeBytes { unsafe apus_crc32c_portable(crc, $0.baseAddress, $0.count) }
    }
}
