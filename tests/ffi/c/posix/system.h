#ifndef WEFT_TESTS_FFI_C_SYSTEM_H
#define WEFT_TESTS_FFI_C_SYSTEM_H

/* What these tests know of the system. One header per system. */
#include <weft/ffi/weft.h>

enum { has_unix_sockets = 1, has_reuse_port = 1 };

enum { backends_here = 2 };
static const uint32_t backend_here[backends_here] = {WEFT_BACKEND_EPOLL, WEFT_BACKEND_POLL};
static const uint32_t backend_elsewhere = WEFT_BACKEND_IOCP;
static const char* const name_of_backend_elsewhere = "iocp";

/* Two connected streams. */
static inline int connected_pair(weft_handle ends[2]) {
  return weft_unix_pair(ends);
}

/* Whether this is what a write says whose peer has gone before it read all. */
static inline int is_peer_gone(int64_t code) {
  return code == WEFT_E_BROKEN_PIPE;
}

#endif
