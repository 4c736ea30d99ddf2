#ifndef APUS_CRC32C_H
#define APUS_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/// CRC-32C (Castagnoli) of `length` bytes, continuing from `crc` (0 to begin). Uses the processor's instruction where there is one.
uint32_t apus_crc32c(uint32_t crc, const void *bytes, size_t length);

/// The same by table, on every processor: the fallback, and the reference that tests compare the other with.
uint32_t apus_crc32c_portable(uint32_t crc, const void *bytes, size_t length);

#endif
