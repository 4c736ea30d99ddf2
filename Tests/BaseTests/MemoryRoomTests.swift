// The memory limits of control groups, from the files of /proc and /sys as they look on real machines.
import Testing

@testable import Base

private let unifiedMount = "35 24 0:30 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
private let oldMount = "38 35 0:33 /docker/f00 /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"

@Test(
    "the lowest memory limit of the control groups around the process counts",
    arguments: [
        // A container with a namespace of its own.
        ("0::/\n", unifiedMount, ["/sys/fs/cgroup/memory.max": "104857600\n"], 104_857_600),
        ("0::/\n", unifiedMount, ["/sys/fs/cgroup/memory.max": "max\n"], nil),
        // A service: the slice around it has the lower limit.
        (
            "0::/system.slice/apus.service\n", unifiedMount,
            [
                "/sys/fs/cgroup/system.slice/apus.service/memory.max": "max\n",
                "/sys/fs/cgroup/system.slice/apus.service/memory.high": "900000000\n",
                "/sys/fs/cgroup/system.slice/memory.max": "800000000\n",
            ], 800_000_000
        ),
        // Version 1, seen from within a container and from the host.
        (
            "4:memory:/docker/f00\n3:cpu,cpuacct:/docker/f00\n", oldMount,
            ["/sys/fs/cgroup/memory/memory.limit_in_bytes": "67108864\n"], 67_108_864
        ),
        (
            "9:name=systemd:/\n4:memory:/a/b\n0::/\n",
            "38 35 0:33 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory\n" + unifiedMount,
            [
                "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
                "/sys/fs/cgroup/memory/a/memory.limit_in_bytes": "500000000\n",
                "/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes": "600000000\n",
            ], 500_000_000
        ),
        ("garbage\n::\n", "more garbage - -\n", [:], nil), ("", "", [:], nil),
    ] as [(String, String, [String: String], Int?)])
func controlGroupLimits(groups: String, mounts: String, files: [String: String], limit: Int?) {
    var all = files
    all["/proc/self/cgroup"] = groups
    all["/proc/self/mountinfo"] = mounts
    #expect(ControlGroup.memoryLimitBytes { all[$0] } == limit)
}

@Test("this process has room, and no more than the machine")
func ownRoom() {
    let room = MemoryRoom.current()
    #expect(room.bytes > 0 && room.bytes <= Machine.memoryBytes)
}
