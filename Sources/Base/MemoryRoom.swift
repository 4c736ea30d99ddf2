// How much memory this process may come to use, and who says so: the machine, a control group (containers),
// or a limit of the process. Limits of defaults follow it.
internal import Glibc

/// The memory that a process may take at most.
package struct MemoryRoom: Equatable, Sendable {
    /// What sets the bound.
    package enum Bound: Equatable, Sendable {
        case machine
        case controlGroup
        /// RLIMIT_AS, which counts reserved addresses too.
        case addressSpace
        /// RLIMIT_DATA.
        case dataSegment
    }

    /// How many bytes there are.
    package let bytes: Int
    /// What they are bounded by.
    package let bound: Bound

    /// A room of `bytes`.
    package init(bytes: Int, bound: Bound) {
        self.bytes = bytes
        self.bound = bound
    }

    /// The room of this process.
    package static func current() -> MemoryRoom {
        var rooms = [MemoryRoom(bytes: Machine.memoryBytes, bound: .machine)]
        if let bytes = ControlGroup.memoryLimitBytes(reading: Machine.textOfFile) {
            rooms.append(MemoryRoom(bytes: bytes, bound: .controlGroup))
        }
        // Both count what is mapped, touched or not: libraries and stacks too.
        let pages = (Machine.textOfFile("/proc/self/statm") ?? "").split(separator: " ").map { Int($0) ?? 0 }
        let pageBytes = Int(sysconf(Int32(_SC_PAGESIZE)))
        for (kind, bound, field) in [
            (RLIMIT_AS, MemoryRoom.Bound.addressSpace, 0), (RLIMIT_DATA, .dataSegment, 5),
        ] {
            guard let limit = Machine.limit(kind), pages.count > field else { continue }
            rooms.append(MemoryRoom(bytes: max(0, limit - pages[field] * pageBytes), bound: bound))
        }
        return rooms.min { $0.bytes < $1.bytes } ?? rooms[0]
    }
}

extension MemoryRoom.Bound: CustomStringConvertible {
    /// Where the number comes from, in the words of who set it.
    package var description: String {
        switch self {
        case .machine: "the machine's memory"
        case .controlGroup: "the memory limit of the control group (container)"
        case .addressSpace: "the limit on address space (ulimit -v)"
        case .dataSegment: "the limit on the data segment (ulimit -d)"
        }
    }
}

/// The memory limits of control groups, of both versions.
package enum ControlGroup {
    /// The lowest memory limit of the groups that this process is in; nil where there is none.
    ///
    /// `read` gives the text of a file, or nil where there is no such file.
    package static func memoryLimitBytes(reading read: (String) -> String?) -> Int? {
        guard let memberships = read("/proc/self/cgroup"), let mounts = read("/proc/self/mountinfo") else {
            return nil
        }
        var lowest: Int?
        for line in memberships.split(separator: "\n") {
            // Hierarchy, controllers, path: version 2 has no controllers there.
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let isUnified = fields[1].isEmpty
            guard isUnified || fields[1].split(separator: ",").contains("memory") else { continue }
            let names = isUnified ? ["memory.max", "memory.high"] : ["memory.limit_in_bytes"]
            for mount in mountPoints(in: mounts, isUnified: isUnified) {
                for directory in mount.directories(of: String(fields[2])) {
                    for name in names {
                        guard let text = read(directory + "/" + name), let bytes = limit(text) else {
                            continue
                        }
                        lowest = min(lowest ?? bytes, bytes)
                    }
                }
            }
        }
        return lowest
    }

    private struct Mount {
        let root: String
        let point: String

        /// The directories of a group and of those around it, as far as they are mounted here.
        func directories(of path: String) -> [String] {
            var inside = path
            if root != "/" {
                // Within a container the path may be that of the host, and then only its end is mounted.
                inside = path.hasPrefix(root) ? String(path.dropFirst(root.count)) : ""
            }
            var parts = inside.split(separator: "/").filter { $0 != ".." }
            var directories: [String] = []
            while !parts.isEmpty {
                directories.append(point + "/" + parts.joined(separator: "/"))
                parts.removeLast()
            }
            return directories + [point]
        }
    }

    /// Where the hierarchy with the memory controller is mounted.
    private static func mountPoints(in text: String, isUnified: Bool) -> [Mount] {
        text.split(separator: "\n").compactMap { line in
            // 36 35 98:0 /root /point options [more…] - type source options
            let fields = line.split(separator: " ")
            guard let dash = fields.firstIndex(of: "-"), fields.count > dash + 3, dash > 4 else { return nil }
            let isWanted =
                isUnified
                ? fields[dash + 1] == "cgroup2"
                : fields[dash + 1] == "cgroup" && fields[dash + 3].split(separator: ",").contains("memory")
            return isWanted ? Mount(root: String(fields[3]), point: String(fields[4])) : nil
        }
    }

    /// A limit in bytes; none is "max", or a number beyond all memory.
    private static func limit(_ text: String) -> Int? {
        guard let line = text.split(separator: "\n").first, let bytes = Int(line), bytes < 1 << 50 else {
            return nil
        }
        return bytes
    }
}
