// What the broker asks of the machine it runs on, to choose defaults.
internal import CSystem
import Glibc

/// The machine's size.
public enum Machine {
    /// Processors that are online.
    public static var processorCount: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }
    /// Bytes of main memory.
    public static var memoryBytes: Int {
        Int(sysconf(Int32(_SC_PHYS_PAGES))) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
    /// How many descriptors this process may have open at most; the soft limit is raised to the hard one
    /// first.
    ///
    /// The soft limit is mostly 1024 for the sake of programs that use select(2).
    public static func raiseDescriptorLimit() -> Int {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard unsafe getrlimit(resource, &limit) == 0 else { return 1024 }
        let soft = limit.rlim_cur
        limit.rlim_cur = limit.rlim_max
        let isRaised = unsafe setrlimit(resource, &limit) == 0
        return Int(clamping: isRaised ? limit.rlim_max : soft)
    }

    /// A limit of this process in bytes; nil where it is unlimited.
    static func limit(_ kind: __rlimit_resource) -> Int? {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(kind.rawValue), &limit) == 0 else { return nil }
        return limit.rlim_cur >= 1 << 50 ? nil : Int(limit.rlim_cur)
    }

    /// The text of a small file, such as those of /proc; nil where it cannot be read.
    package static func textOfFile(_ path: String) -> String? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var text: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while case let count = unsafe read(descriptor, &piece, piece.count), count > 0 {
            text += piece[..<count]
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Pieces of memory from this size on are mapped one by one, and go back to the system when they are
    /// freed.
    private static let mappedBytes: Int32 = 4 << 20

    /// Has the allocator keep little of what large requests have freed; before other threads allocate.
    ///
    /// Left alone it keeps pieces of up to 32 MiB once it has seen one. Under a limit on address space there
    /// are fewer arenas, as each of them reserves 64 MiB of it.
    package static func boundAllocator(_ room: MemoryRoom) {
        apus_bound_allocator(mappedBytes, 2 * mappedBytes, room.bound == .addressSpace ? 1 : 0)
    }

    /// Gives memory back to the system that is free, but lies between pieces that are not.
    package static func returnFreeMemory() { apus_return_memory() }
}
