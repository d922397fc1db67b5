#ifndef WEFT_TESTS_FFI_C_NATIVE_SOCKET_H
#define WEFT_TESTS_FFI_C_NATIVE_SOCKET_H

/* The system's own calls, as these tests make them. One header per system. */
#include <stdint.h>
#include <winsock2.h>

/* A socket of IPv4 that waits, bound to the loopback. */
static inline int64_t native_socket(int is_stream) {
  struct sockaddr_in any = {0};
  WSADATA unused;
  SOCKET made;
  WSAStartup(MAKEWORD(2, 2), &unused);
  made = socket(AF_INET, is_stream ? SOCK_STREAM : SOCK_DGRAM, 0);
  any.sin_family = AF_INET;
  any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return bind(made, (struct sockaddr*)&any, sizeof any) == 0 ? (int64_t)made : -1;
}
static inline int native_listen(int64_t native) {
  return listen((SOCKET)native, 5);
}
static inline int64_t native_send(int64_t native, const char* data, size_t size) {
  return send((SOCKET)native, data, (int)size, 0);
}
static inline int native_close(int64_t native) {
  return closesocket((SOCKET)native);
}
/* Whether calls that cannot be made at once wait. For one that has nothing to be received: there is
 * no asking, so it is tried. */
static inline int native_waits(int64_t native) {
  DWORD milliseconds = 20;
  char nothing;
  int error;
  setsockopt((SOCKET)native, SOL_SOCKET, SO_RCVTIMEO, (const char*)&milliseconds,
             sizeof milliseconds);
  recv((SOCKET)native, &nothing, 1, 0);
  error = WSAGetLastError();
  milliseconds = 0;
  setsockopt((SOCKET)native, SOL_SOCKET, SO_RCVTIMEO, (const char*)&milliseconds,
             sizeof milliseconds);
  return error == WSAETIMEDOUT;
}
static inline int is_native_inherited(int64_t native) {
  DWORD flags = HANDLE_FLAG_INHERIT;
  GetHandleInformation((HANDLE)(intptr_t)native, &flags);
  return (flags & HANDLE_FLAG_INHERIT) != 0;
}
/* Something else of the system's that has a number. */
static inline int64_t no_socket(void) {
  return (int64_t)(intptr_t)CreateEventW(NULL, TRUE, FALSE, NULL);
}
static inline int close_no_socket(int64_t native) {
  return CloseHandle((HANDLE)(intptr_t)native) ? 0 : -1;
}

#endif
