// What this disk takes to make bytes durable: ROUNDS writes of SIZE bytes, one after another, into a file that was written
// before, each followed by fdatasync: through the page cache ("cached"), past it ("direct"), or, to a file that grows, "append".
//   cc -O2 -o /tmp/disk Benchmarks/disk.c && /tmp/disk FILE 4096 append 500 && /tmp/disk FILE 409600 direct 500
// Prints the median and the 99th percentile in milliseconds.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { AREA = 32 << 20, PIECE = 1 << 20 };

static double milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static int ascending(const void *one, const void *other) {
    double difference = *(const double *)one - *(const double *)other;
    return (difference > 0) - (difference < 0);
}

int main(int count, char **arguments) {
    if (count != 5) return fprintf(stderr, "usage: disk FILE SIZE append|cached|direct ROUNDS\n"), 2;
    long size = atol(arguments[2]), rounds = atol(arguments[4]), position = 0;
    int grows = !strcmp(arguments[3], "append"), direct = !strcmp(arguments[3], "direct") ? O_DIRECT : 0;
    if (size <= 0 || size % 4096 || size > AREA || rounds <= 0) return fprintf(stderr, "disk: sizes out of range\n"), 2;
    int file = open(arguments[1], O_RDWR | O_CREAT | O_TRUNC | direct, 0644);
    char *bytes = aligned_alloc(4096, size > PIECE ? size : PIECE);
    if (file < 0 || !bytes) return perror(arguments[1]), 1;
    memset(bytes, 7, size > PIECE ? size : PIECE);
    for (long end = 0; !grows && end < AREA; end += PIECE)
        if (pwrite(file, bytes, PIECE, end) != PIECE) return perror("pwrite"), 1;
    fsync(file);
    double *taken = malloc(rounds * sizeof *taken);
    for (long round = 0; round < rounds; round++) {
        double begun = milliseconds();
        if (!grows && position + size > AREA) position = 0;
        if (pwrite(file, bytes, size, position) != size || fdatasync(file)) return perror("write"), 1;
        position += size;
        taken[round] = milliseconds() - begun;
    }
    qsort(taken, rounds, sizeof *taken, ascending);
    printf("%.3f %.3f\n", taken[rounds / 2], taken[rounds * 99 / 100]);
    return unlink(arguments[1]);
}
