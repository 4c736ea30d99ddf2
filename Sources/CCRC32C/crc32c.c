// CRC-32C, the checksum of record batches (format v2), polynomial 0x1EDC6F41 reflected (RFC 3720, appendix B.4).
//
// The crc32 instruction of SSE 4.2 has a latency of three cycles and a throughput of one, so one dependent chain runs at a third of
// the speed. Blocks are therefore cut into three lanes whose checksums are computed side by side and joined by multiplying with
// x^(8n) modulo the polynomial; the tables for that are made once from the definition, not pasted in.
#include "CCRC32C.h"

#include <pthread.h>
#include <string.h>

#define POLYNOMIAL 0x82f63b78u
#define LANE_BYTES 2048

static uint32_t byte_table[8][256];
static uint32_t shift_lane[4][256];  // crc of lane + LANE_BYTES zero bytes, by byte of the crc
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_tables(void) {
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int k = 0; k < 8; k++) c = c & 1 ? (c >> 1) ^ POLYNOMIAL : c >> 1;
        byte_table[0][i] = c;
    }
    for (uint32_t i = 0; i < 256; i++)
        for (int t = 1; t < 8; t++) byte_table[t][i] = (byte_table[t - 1][i] >> 8) ^ byte_table[0][byte_table[t - 1][i] & 255];
    for (int b = 0; b < 4; b++)
        for (uint32_t i = 0; i < 256; i++) {
            uint32_t c = i << (8 * b);
            for (int k = 0; k < LANE_BYTES; k++) c = (c >> 8) ^ byte_table[0][c & 255];
            shift_lane[b][i] = c;
        }
}

uint32_t apus_crc32c_portable(uint32_t crc, const void *bytes, size_t length) {
    pthread_once(&once, make_tables);
    const uint8_t *p = bytes;
    uint32_t c = ~crc;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    for (; length >= 8; length -= 8, p += 8) {  // slicing by eight
        uint32_t low, high;
        memcpy(&low, p, 4);
        memcpy(&high, p + 4, 4);
        low ^= c;
        c = byte_table[7][low & 255] ^ byte_table[6][(low >> 8) & 255] ^ byte_table[5][(low >> 16) & 255] ^ byte_table[4][low >> 24]
          ^ byte_table[3][high & 255] ^ byte_table[2][(high >> 8) & 255] ^ byte_table[1][(high >> 16) & 255] ^ byte_table[0][high >> 24];
    }
#endif
    while (length--) c = byte_table[0][(c ^ *p++) & 255] ^ (c >> 8);
    return ~c;
}

#if defined(__x86_64__)
#include <nmmintrin.h>

static inline uint32_t shift(uint32_t c) {
    return shift_lane[0][c & 255] ^ shift_lane[1][(c >> 8) & 255] ^ shift_lane[2][(c >> 16) & 255] ^ shift_lane[3][c >> 24];
}

static inline uint64_t word(const uint8_t *p) {
    uint64_t w;
    memcpy(&w, p, 8);
    return w;
}

__attribute__((target("sse4.2"))) static uint32_t crc32c_sse42(uint32_t crc, const uint8_t *p, size_t length) {
    uint64_t c = ~crc & 0xffffffffu;
    while (length >= 3 * LANE_BYTES) {
        uint64_t c1 = 0, c2 = 0;
        for (size_t i = 0; i < LANE_BYTES; i += 8) {
            c = _mm_crc32_u64(c, word(p + i));
            c1 = _mm_crc32_u64(c1, word(p + LANE_BYTES + i));
            c2 = _mm_crc32_u64(c2, word(p + 2 * LANE_BYTES + i));
        }
        c = shift(shift((uint32_t)c) ^ (uint32_t)c1) ^ (uint32_t)c2;
        p += 3 * LANE_BYTES;
        length -= 3 * LANE_BYTES;
    }
    for (; length >= 8; length -= 8, p += 8) c = _mm_crc32_u64(c, word(p));
    uint32_t tail = (uint32_t)c;
    while (length--) tail = _mm_crc32_u8(tail, *p++);
    return ~tail;
}

uint32_t apus_crc32c(uint32_t crc, const void *bytes, size_t length) {
    if (!__builtin_cpu_supports("sse4.2")) return apus_crc32c_portable(crc, bytes, length);
    pthread_once(&once, make_tables);
    return crc32c_sse42(crc, bytes, length);
}

#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>

uint32_t apus_crc32c(uint32_t crc, const void *bytes, size_t length) {
    const uint8_t *p = bytes;
    uint32_t c = ~crc;
    for (; length >= 8; length -= 8, p += 8) {
        uint64_t w;
        memcpy(&w, p, 8);
        c = __crc32cd(c, w);
    }
    while (length--) c = __crc32cb(c, *p++);
    return ~c;
}

#else

uint32_t apus_crc32c(uint32_t crc, const void *bytes, size_t length) { return apus_crc32c_portable(crc, bytes, length); }

#endif
