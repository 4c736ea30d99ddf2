// RE2 behind C: regular expressions whose time is linear in the text and whose memory is bounded, as clients write them.
#ifndef APUS_CRE2_H
#define APUS_CRE2_H

#include <stddef.h>
#include <stdint.h>

/// An expression that was compiled.
typedef struct apus_regex apus_regex;

/// Compiles `length` bytes of UTF-8. An expression that is not valid, or needs more than `memory_max` bytes, gives NULL and
/// a sentence in `error`, cut to `error_size` bytes with the zero that ends it.
apus_regex *apus_regex_compile(const char *pattern, size_t length, int64_t memory_max, char *error, size_t error_size);

/// Whether the whole text matches: 1 or 0.
int apus_regex_matches(const apus_regex *expression, const char *text, size_t length);

/// Frees what `apus_regex_compile` made.
void apus_regex_free(apus_regex *expression);

#endif
