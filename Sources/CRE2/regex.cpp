#include <re2/re2.h>

#include <cstdio>
#include <exception>
#include <memory>

extern "C" {
#include "CRE2.h"
}

struct apus_regex {
    RE2 expression;
    apus_regex(const re2::StringPiece &pattern, const RE2::Options &options) : expression(pattern, options) {}
};

// No exception may pass into Swift: memory may run out anywhere in the library.
apus_regex *apus_regex_compile(const char *pattern, size_t length, int64_t memory_max, char *error, size_t error_size) {
    try {
        RE2::Options options(RE2::Quiet);
        options.set_max_mem(memory_max);
        auto compiled = std::make_unique<apus_regex>(re2::StringPiece(pattern, length), options);
        if (compiled->expression.ok()) return compiled.release();
        std::snprintf(error, error_size, "%s", compiled->expression.error().c_str());
    } catch (const std::exception &failure) {
        std::snprintf(error, error_size, "%s", failure.what());
    }
    return nullptr;
}

int apus_regex_matches(const apus_regex *expression, const char *text, size_t length) {
    try {
        return RE2::FullMatch(re2::StringPiece(text, length), expression->expression) ? 1 : 0;
    } catch (const std::exception &) {
        return 0;
    }
}

void apus_regex_free(apus_regex *expression) { delete expression; }
