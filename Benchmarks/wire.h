// What the clients in C share: the clock, numbers as the protocol has them, checksums.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <time.h>

static inline double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

// Bytes in network order, and what flexible versions have instead of lengths.

static inline uint8_t *put(uint8_t *to, uint64_t value, int width) {
    for (int i = 0; i < width; i++) to[i] = (uint8_t)(value >> 8 * (width - 1 - i));
    return to + width;
}

static inline int64_t get(const uint8_t *from, int width) {
    uint64_t value = from[0] & 0x80 ? ~0ull : 0;
    for (int i = 0; i < width; i++) value = value << 8 | from[i];
    return (int64_t)value;
}

static inline uint8_t *put_unsigned(uint8_t *to, uint64_t value) {
    for (; value > 0x7f; value >>= 7) *to++ = (uint8_t)(value | 0x80);
    *to++ = (uint8_t)value;
    return to;
}

static inline uint8_t *put_signed(uint8_t *to, int64_t value) {
    return put_unsigned(to, (uint64_t)value << 1 ^ (uint64_t)(value >> 63));
}

// CRC-32C, without the inversions at both ends.
static inline uint32_t checksum(uint32_t crc, const uint8_t *data, size_t count) {
    for (size_t i = 0; i < count; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
    }
    return crc;
}
