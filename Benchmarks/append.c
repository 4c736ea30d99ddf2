// What appending to one file costs the kernel: CPU seconds a GB for writes of SIZE bytes, plain and padded with zeros to
// multiples of STEP, with an fdatasync every 16 MiB. The figures behind SegmentStore's padding.
//   cc -O2 -o /tmp/append Benchmarks/append.c && /tmp/append FILE 17650 0 && /tmp/append FILE 17650 65536
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <unistd.h>

enum { TOTAL = 600 << 20, SYNC_EVERY = 16 << 20, STEP_MAX = 1 << 20 };

static double cpu_seconds(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return used.ru_stime.tv_sec + used.ru_utime.tv_sec + (used.ru_stime.tv_usec + used.ru_utime.tv_usec) * 1e-6;
}

int main(int count, char **arguments) {
    if (count != 4) return fprintf(stderr, "usage: append FILE SIZE STEP\n"), 2;
    long size = atol(arguments[2]), step = atol(arguments[3]);
    if (size <= 0 || step < 0 || step > STEP_MAX) return fprintf(stderr, "append: sizes out of range\n"), 2;
    char *batch = memset(malloc(size), 7, size), *zeros = calloc(1, STEP_MAX);
    int file = open(arguments[1], O_RDWR | O_CREAT | O_TRUNC, 0644);
    if (file < 0) return perror(arguments[1]), 1;
    fallocate(file, FALLOC_FL_KEEP_SIZE, 0, TOTAL + size + STEP_MAX);
    double begin = cpu_seconds(), syncs = 0;
    long position = 0, written = 0, synced = 0;
    while (position < TOTAL) {
        long end = position + size, padded = step && end > written ? (end + step - 1) / step * step : end;
        struct iovec parts[2] = {{batch, size}, {zeros, padded - end}};
        if (pwritev(file, parts, 2, position) < 0) return perror("pwritev"), 1;
        if (padded > written) written = padded;
        position = end;
        if (position - synced < SYNC_EVERY) continue;
        double before = cpu_seconds();
        fdatasync(file);
        syncs += cpu_seconds() - before;
        synced = position;
    }
    double used = cpu_seconds() - begin - syncs;
    printf("%ld bytes, step %ld: writes %.3f s/GB (%.2f us each), syncs %.3f s/GB\n", size, step, used / position * 1e9,
           used * 1e6 / ((double)position / size), syncs / position * 1e9);
    return unlink(arguments[1]);
}
