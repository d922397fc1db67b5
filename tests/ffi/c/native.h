#ifndef WEFT_TESTS_FFI_C_NATIVE_H
#define WEFT_TESTS_FFI_C_NATIVE_H

/* What tests of sockets that come and leave share. */
#include <native_socket.h>
#include <string.h>
#include <system.h>

#include "check.h"

static inline void check_comes(weft_handle socket, const char* what) {
  const int64_t size = (int64_t)strlen(what);
  char got[8];
  CHECK_CODE(weft_recv(socket, got, sizeof got, 20 * WEFT_SECOND, WEFT_NONE), size);
  CHECK(memcmp(got, what, (size_t)size) == 0);
}

static inline void check_echo(weft_handle one, weft_handle other) {
  CHECK_CODE(weft_send(one, "hello", 5, WEFT_FOREVER, WEFT_NONE), 5);
  check_comes(other, "hello");
}

/* What weft_release() has returned. */
static inline void check_left(weft_handle left, int64_t native) {
  CHECK(native > 0);
  CHECK_CODE(weft_release(left), WEFT_E_STALE_HANDLE);
  CHECK(!is_native_inherited(native));
  CHECK(!native_waits(native));
}

static inline void everywhere(weft_function test) {
  const weft_handle fiber = weft_spawn(test, NULL, NULL);
  CHECK_CODE(weft_fiber_join(fiber, NULL, WEFT_FOREVER, WEFT_NONE), WEFT_OK);
  test(NULL);
}

#endif
