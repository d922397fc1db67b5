#ifndef WEFT_DART_TCP_H
#define WEFT_DART_TCP_H

#include <stdbool.h>
#include <stdint.h>

/// What libweft_dart.so shows: the C interface of the Dart package zig_tcp, all its versions'
/// functions together. Written for dart:ffi; docs/dart.md tells what each does.
///
/// A function that takes an `id` either refuses, with a negative code, or returns 0 and has exactly
/// one message `[id, result, Uint8List or null]` posted to the port that owns the handle. Any
/// thread may call; none of these functions waits, and no C++ exception leaves them.

#if defined(__cplusplus)
extern "C" {
#endif

enum {
  TCP_OK = 0,
  TCP_ERR_INVALID_HANDLE = -1,
  TCP_ERR_INVALID_ADDRESS = -2,
  TCP_ERR_CONNECT_FAILED = -3,
  TCP_ERR_BIND_FAILED = -4,
  TCP_ERR_LISTEN_FAILED = -5,
  TCP_ERR_ACCEPT_FAILED = -6,
  TCP_ERR_READ_FAILED = -7,
  TCP_ERR_WRITE_FAILED = -8,
  TCP_ERR_CLOSED = -9,
  TCP_ERR_SOCKET_OPTION = -10,
  TCP_ERR_NOT_INITIALIZED = -11,
  TCP_ERR_OUT_OF_MEMORY = -12,
  TCP_ERR_INVALID_ARGUMENT = -13,
};

int64_t tcp_init(void* dart_api);
void tcp_destroy(void);
void tcp_attach_release(void* object, int64_t handle);

int64_t tcp_connect(int64_t send_port, int64_t id, const uint8_t* address, int64_t address_length,
                    int64_t port, const uint8_t* source_address, int64_t source_length,
                    int64_t source_port);
int64_t tcp_read(int64_t id, int64_t handle);
int64_t tcp_write(int64_t id, int64_t handle, const uint8_t* data, int64_t offset, int64_t count);
int64_t tcp_close_write(int64_t id, int64_t handle);
int64_t tcp_close(int64_t id, int64_t handle);

int64_t tcp_listen(int64_t send_port, int64_t id, const uint8_t* address, int64_t address_length,
                   int64_t port, bool v6_only, int64_t backlog, bool shared);
int64_t tcp_accept(int64_t id, int64_t listener);
int64_t tcp_accept_loop(int64_t send_port, int64_t listener);
int64_t tcp_listener_close(int64_t id, int64_t listener, bool force);

int64_t tcp_get_local_address(int64_t handle, uint8_t* out);
int64_t tcp_get_remote_address(int64_t handle, uint8_t* out);
int64_t tcp_get_local_port(int64_t handle);
int64_t tcp_get_remote_port(int64_t handle);
int64_t tcp_get_keep_alive(int64_t handle);
int64_t tcp_set_keep_alive(int64_t handle, bool on);
int64_t tcp_get_no_delay(int64_t handle);
int64_t tcp_set_no_delay(int64_t handle, bool on);

#if defined(__cplusplus)
}
#endif

#endif
