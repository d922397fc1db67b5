#ifndef WEFT_TESTS_FFI_C_SYSTEM_H
#define WEFT_TESTS_FFI_C_SYSTEM_H

/* What these tests know of the system. One header per system. */
#include <weft/ffi/weft.h>

enum { has_unix_sockets = 0, has_reuse_port = 0 };

enum { backends_here = 1 };
static const uint32_t backend_here[backends_here] = {WEFT_BACKEND_IOCP};
static const uint32_t backend_elsewhere = WEFT_BACKEND_EPOLL;
static const char* const name_of_backend_elsewhere = "epoll";

/* Two connected streams. */
static inline int connected_pair(weft_handle ends[2]) {
  char address[WEFT_ADDRESS_SIZE];
  const weft_handle listener = weft_tcp_listen("127.0.0.1:0", NULL);
  int64_t error = listener;
  ends[0] = ends[1] = WEFT_NONE;
  if (error >= 0) {
    error = weft_local_address(listener, address, sizeof address);
  }
  if (error >= 0) {
    error = ends[0] = weft_tcp_connect(address, WEFT_FOREVER, WEFT_NONE);
  }
  if (error >= 0) {
    error = ends[1] = weft_accept(listener, WEFT_FOREVER, WEFT_NONE);
  }
  weft_close(listener);
  return error < 0 ? (int)error : WEFT_OK;
}

/* Whether this is what a write says whose peer has gone before it read all. */
static inline int is_peer_gone(int64_t code) {
  return code == WEFT_E_BROKEN_PIPE || code == WEFT_E_CONNECTION_RESET ||
         code == WEFT_E_CONNECTION_ABORTED;
}

#endif
