// What the broker asks of the machine it runs on, to choose defaults.
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
}
