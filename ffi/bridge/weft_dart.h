#ifndef WEFT_DART_WEFT_DART_H
#define WEFT_DART_WEFT_DART_H

#include <stdbool.h>
#include <stdint.h>

/// What libweft_dart.so has beside tcp.h, for the package in ffi/dart: Unix sockets, UDP, cheaper
/// writes, requests taken back, the system's errors, and counters. Handles, ports, requests,
/// answers and codes are those of tcp.h. The connections and listeners of Unix sockets are used,
/// and closed, by the functions there.

#if defined(__cplusplus)
extern "C" {
#endif

/// Of this header; functions are only ever added within one.
enum { WEFT_DART_VERSION = 1 };
int64_t weft_dart_version(void);

/// From now on failures that are answered to this port, and what calls for it return, tell the
/// system's error, too: a result r below 0 is the code -(-r & 255) and the error number -r >> 8, 0
/// where there was none. Not those of accept loops, whose ports are others.
int64_t weft_explain(int64_t send_port);
/// Writes what an error number means, cut to `size` bytes and without a zero; how many bytes.
int64_t weft_error_text(int64_t error, uint8_t* out, int64_t size);

/// tcp_write() that returns `count` when the system has taken all at once, and then posts nothing:
/// a message costs more than the write itself.
int64_t weft_write(int64_t id, int64_t handle, const uint8_t* data, int64_t offset, int64_t count);

/// Takes a request back: it is answered with WEFT_ERR_CANCELED. Not a write of which the system has
/// taken a part: the rest of that still goes out, and then its own answer comes. `handle`: whose
/// request it is; 0: it is a tcp_connect(), which has none yet and is found by looking at every
/// socket. Returns 1, or 0 when there is nothing to take back (any more).
enum { WEFT_ERR_CANCELED = -14 };
int64_t weft_cancel(int64_t send_port, int64_t id, int64_t handle);

/// Connections. Names are paths, or `@name` for an abstract one: UTF-8, `size` bytes without a
/// zero.
int64_t weft_unix_connect(int64_t send_port, int64_t id, const uint8_t* name, int64_t size);
/// A file that a dead program left behind is replaced; it is removed when the listener is closed.
/// `mode`: the permissions of the file; below 0: what the umask leaves.
int64_t weft_unix_listen(int64_t send_port, int64_t id, const uint8_t* name, int64_t size,
                         int64_t backlog, int64_t mode);
/// Writes the name, of at most 109 bytes, and returns its size; 0: the socket has none.
int64_t weft_unix_name(int64_t handle, bool peers, uint8_t* out);

/// Datagrams with names: sent, received and closed by the functions for UDP where nothing else is
/// said. `size` 0: a socket without a name, which nobody can answer.
int64_t weft_unix_bind(int64_t send_port, int64_t id, const uint8_t* name, int64_t size,
                       int64_t mode);
/// The head of what weft_udp_receive() delivers then: the sender's name in 110 bytes, and its size;
/// 0: it has none.
enum { WEFT_UNIX_HEAD = 111 };
/// As weft_udp_send(). Waits while the receiver has no room.
int64_t weft_unix_send(int64_t id, int64_t handle, const uint8_t* data, int64_t offset,
                       int64_t count, const uint8_t* name, int64_t size);

int64_t weft_udp_bind(int64_t send_port, int64_t id, const uint8_t* address, int64_t address_length,
                      int64_t port, bool v6_only, bool shared);
/// What is received is posted behind a head of WEFT_UDP_HEAD bytes, which tells who has sent it:
/// the address in 16 bytes, its length (4 or 16), a zero, and the port, the more significant byte
/// first.
enum { WEFT_UDP_HEAD = 20 };
int64_t weft_udp_receive(int64_t id, int64_t handle);
/// Posts `count`, which may be 0, or -8.
int64_t weft_udp_send(int64_t id, int64_t handle, const uint8_t* data, int64_t offset,
                      int64_t count, const uint8_t* address, int64_t address_length, int64_t port);
int64_t weft_udp_close(int64_t id, int64_t handle);
/// Joins a multicast group, or leaves it, on the interface of that index; 0: the system's choice.
int64_t weft_udp_membership(int64_t handle, const uint8_t* group, int64_t group_length,
                            int64_t interface_index, bool joins);
enum {
  WEFT_UDP_BROADCAST = 1,
  WEFT_UDP_MULTICAST_LOOP = 2, /* what is sent to a group comes back to members on this machine */
  WEFT_UDP_MULTICAST_HOPS = 3
};
int64_t weft_udp_option(int64_t handle, int64_t option);
int64_t weft_udp_set_option(int64_t handle, int64_t option, int64_t value);

enum {
  WEFT_COUNT_SOCKETS = 1,  /* handles that are open */
  WEFT_COUNT_REQUESTS = 2, /* that wait for their answer */
  WEFT_COUNT_BUFFERS = 3,  /* handed over to the VM and not given back by a finalizer yet */
  WEFT_COUNT_UNSENT = 4    /* bytes */
};
/// How many there are, of all isolates together. Looks at every socket: for tests and diagnosis.
int64_t weft_count(int64_t of_what);

#if defined(__cplusplus)
}
#endif

#endif
