// The names of a segment's files: the offset of its first record in twenty digits.
internal import Base
internal import Storage

extension Segment {
    /// The offset in a name such as `00000000000000000042.log`.
    static func offset(in name: String, suffix: String) -> Offset? {
        guard name.hasSuffix(suffix) else { return nil }
        let digits = name.dropLast(suffix.count)
        guard digits.utf8.count == 20, digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else {
            return nil
        }
        return Int64(digits).map { Offset($0) }
    }
}
