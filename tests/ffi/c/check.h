#ifndef WEFT_TESTS_FFI_C_CHECK_H
#define WEFT_TESTS_FFI_C_CHECK_H

/* Checks for programs in plain C: they go on after a failure, and `failures` is the exit code. */
#include <inttypes.h>
#include <stdio.h>

#include <weft/ffi/weft.h>

static int failures = 0;

#define CHECK(condition) check((condition) != 0, #condition, __LINE__)
#define CHECK_CODE(call, code) check_code((call), (code), #call, __LINE__)

static inline void check(int holds, const char* what, int line) {
  if (!holds) {
    char why[256];
    weft_last_error_text(why, sizeof why);
    fprintf(stderr, "line %d: %s does not hold; the last error: %s\n", line, what, why);
    ++failures;
  }
}

static inline void check_code(int64_t got, int64_t code, const char* what, int line) {
  if (got != code) {
    fprintf(stderr, "line %d: %s is %" PRId64 " (%s), not %" PRId64 " (%s)\n", line, what, got,
            weft_error_name(got), code, weft_error_name(code));
    ++failures;
  }
}

#endif
