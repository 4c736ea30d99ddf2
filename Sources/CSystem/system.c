#define _GNU_SOURCE
#include "CSystem.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/uio.h>

ssize_t apus_pread_cached(int descriptor, void *buffer, size_t length, int64_t position) {
    struct iovec part = {buffer, length};
    return preadv2(descriptor, &part, 1, position, RWF_NOWAIT);
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

int apus_start_writeback(int descriptor, int64_t position, int64_t length, int wait) {
    unsigned flags = SYNC_FILE_RANGE_WRITE;
    if (wait) flags |= SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WAIT_AFTER;
    return sync_file_range(descriptor, position, length, flags);
}

void apus_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }
