#ifndef WEFT_TESTS_FFI_C_NATIVE_SOCKET_H
#define WEFT_TESTS_FFI_C_NATIVE_SOCKET_H

/* The system's own calls, as these tests make them. One header per system. */
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

/* A socket of IPv4 that waits, bound to the loopback. */
static inline int64_t native_socket(int is_stream) {
  struct sockaddr_in any = {0};
  const int made = socket(AF_INET, is_stream ? SOCK_STREAM : SOCK_DGRAM, 0);
  any.sin_family = AF_INET;
  any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return bind(made, (struct sockaddr*)&any, sizeof any) == 0 ? made : -1;
}
static inline int native_listen(int64_t native) {
  return listen((int)native, 5);
}
static inline int64_t native_send(int64_t native, const char* data, size_t size) {
  return send((int)native, data, size, 0);
}
static inline int native_close(int64_t native) {
  return close((int)native);
}
/* Whether calls that cannot be made at once wait. For one that has nothing to be received. */
static inline int native_waits(int64_t native) {
  return (fcntl((int)native, F_GETFL) & O_NONBLOCK) == 0;
}
static inline int is_native_inherited(int64_t native) {
  return (fcntl((int)native, F_GETFD) & FD_CLOEXEC) == 0;
}
/* Something else of the system's that has a number. */
static inline int64_t no_socket(void) {
  return dup(STDERR_FILENO);
}
static inline int close_no_socket(int64_t native) {
  return close((int)native);
}

#endif
