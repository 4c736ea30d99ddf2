#define _GNU_SOURCE
#include "CSystem.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <linux/futex.h>
#include <linux/magic.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

ssize_t apus_pread_cached(int descriptor, void *buffer, size_t length, int64_t position) {
    struct iovec part = {buffer, length};
    return preadv2(descriptor, &part, 1, position, RWF_NOWAIT);
}

int apus_open(const char *path, int flags, unsigned mode) {
    int descriptor = open(path, flags | O_CLOEXEC | O_NOATIME, mode);
    return descriptor < 0 && errno == EPERM ? open(path, flags | O_CLOEXEC, mode) : descriptor;
}

int apus_reserve(int descriptor, int64_t position, int64_t length) {
    return fallocate(descriptor, FALLOC_FL_KEEP_SIZE, position, length);
}

ssize_t apus_write_padded(int descriptor, const void *bytes, size_t length, size_t zeros, int64_t position) {
    static char padding[APUS_PADDING_MAX];
    if (zeros > sizeof padding) zeros = sizeof padding;
    struct iovec parts[2] = {{(void *)bytes, length}, {padding, zeros}};
    return pwritev(descriptor, parts, 2, position);
}

int apus_set_direct(int descriptor, int direct) {
    int flags = fcntl(descriptor, F_GETFL);
    return flags < 0 ? -1 : fcntl(descriptor, F_SETFL, direct ? flags | O_DIRECT : flags & ~O_DIRECT);
}

int apus_start_writeback(int descriptor) { return sync_file_range(descriptor, 0, 0, SYNC_FILE_RANGE_WRITE); }

int64_t apus_birth_nanoseconds(int descriptor) {
    struct statx status;
    if (statx(descriptor, "", AT_EMPTY_PATH, STATX_BTIME, &status) != 0) return 0;
    if (!(status.stx_mask & STATX_BTIME)) return 0;
    return status.stx_btime.tv_sec * 1000000000LL + status.stx_btime.tv_nsec;
}

void apus_forget_code(void) {
    // The linker names where code begins and ends.
    extern const char __executable_start[], etext[];
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t from = (uintptr_t)__executable_start & ~(page - 1), to = (uintptr_t)etext & ~(page - 1);
    if (to > from) madvise((void *)from, to - from, MADV_DONTNEED);
}

void apus_bound_allocator(int mapped_bytes, int kept_bytes, int arenas) {
    mallopt(M_MMAP_THRESHOLD, mapped_bytes);
    mallopt(M_TRIM_THRESHOLD, kept_bytes);
    if (arenas > 0) mallopt(M_ARENA_MAX, arenas);
}

void apus_return_memory(void) { malloc_trim(0); }

void apus_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }

// No limit of time and nothing else is of interest: who wakes up looks at the word again.
void apus_futex_wait(const uint32_t *word, uint32_t value) { syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL); }
void apus_futex_wake(const uint32_t *word) { syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1); }

void apus_nice_thread(int value) { setpriority(PRIO_PROCESS, (id_t)gettid(), value); }

int apus_volume_open(const char *path) {
    struct utsname system;
    int major = 0, minor = 0;
    if (uname(&system) != 0 || sscanf(system.release, "%d.%d", &major, &minor) != 2) return -1;
    if (major < 5 || (major == 5 && minor < 8)) return -1;
    int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return -1;
    struct statfs volume;
    if (fstatfs(descriptor, &volume) == 0)
        switch ((unsigned long)volume.f_type) {
        case EXT4_SUPER_MAGIC:
        case XFS_SUPER_MAGIC:
        case BTRFS_SUPER_MAGIC: return descriptor;
        }
    close(descriptor);
    return -1;
}

int apus_volume_sync(int descriptor) { return syncfs(descriptor); }
