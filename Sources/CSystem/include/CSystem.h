// What Swift cannot call directly: variadic functions, and calls behind feature macros, which must not be defined in a public header
// (they would change the view that every importer has of the C library). Each function returns what the call returns and leaves errno.
#ifndef APUS_CSYSTEM_H
#define APUS_CSYSTEM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "CSystemNetwork.h"
#include "CSystemStack.h"

/// open with O_CLOEXEC, and with O_NOATIME where the owner of the file allows it.
int apus_open(const char *path, int flags, unsigned mode);

/// preadv2 with RWF_NOWAIT: reads only what the page cache holds; -1 with EAGAIN where that is nothing.
ssize_t apus_pread_cached(int descriptor, void *buffer, size_t length, int64_t position);

/// fallocate with FALLOC_FL_KEEP_SIZE: reserves blocks without changing the size of the file.
int apus_reserve(int descriptor, int64_t position, int64_t length);

/// Zeros that apus_write_padded can add.
enum { APUS_PADDING_MAX = 65536 };

/// pwritev of `length` bytes and at most APUS_PADDING_MAX zeros behind them; how many bytes were written, or -1.
ssize_t apus_write_padded(int descriptor, const void *bytes, size_t length, size_t zeros, int64_t position);

/// Sets O_DIRECT on an open file, or takes it off; -1 where the file system has no such thing.
int apus_set_direct(int descriptor, int direct);

/// sync_file_range: starts (and with `wait` finishes) write-back of a range; no promise of durability.
int apus_start_writeback(int descriptor);

/// Opens the directory `path` for apus_volume_sync; -1 where that could not tell of every failure (it does on
/// ext4, XFS and Btrfs from Linux 5.8 on).
int apus_volume_open(const char *path);

/// syncfs: makes everything durable that was written to the file system; -1 if any of it was lost since the last
/// call on this descriptor, or since it was opened.
int apus_volume_sync(int descriptor);

/// When a file was made, in nanoseconds since 1970; 0 where the file system does not know.
int64_t apus_birth_nanoseconds(int descriptor);

/// Takes the program's own code out of this process's memory (not out of the page cache): what runs again is mapped
/// again by a minor fault, and what only the start needed stays out.
void apus_forget_code(void);

/// Has the allocator give large pieces back as soon as they are freed, whatever was freed before: pieces of
/// `mapped_bytes` and more are mapped one by one, and at most `kept_bytes` stay free at the end of an arena. With
/// `arenas` there are at most so many (0: as many as the allocator wants).
void apus_bound_allocator(int mapped_bytes, int kept_bytes, int arenas);
/// malloc_trim: gives free pages within the arenas back to the system.
void apus_return_memory(void);

/// futex(2), FUTEX_WAIT: sleeps until somebody wakes those who wait for `word`, unless it is not `value`; it may
/// return for no reason.
void apus_futex_wait(const uint32_t *word, uint32_t value);
/// FUTEX_WAKE: wakes one of those who wait for `word`.
void apus_futex_wake(const uint32_t *word);

/// Names the calling thread for tools such as top and perf (at most 15 bytes).
void apus_name_thread(const char *name);
/// Has the calling thread yield to others: its nice value, which Linux keeps for each thread.
void apus_nice_thread(int value);

#endif
