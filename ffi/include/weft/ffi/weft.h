#ifndef WEFT_FFI_WEFT_H
#define WEFT_FFI_WEFT_H

/* weft for every language that can call C: fibers, sockets, channels, events, timers.
 *
 * Results. A result below zero is an error, one of WEFT_E_...; any other is success. Calls that
 * make something return its handle. weft_error_text() says what a code means,
 * weft_last_error_text() what went wrong just now, with names and addresses.
 *
 * Handles are positive numbers. One that was closed is never given to anything else: to use it is
 * WEFT_E_STALE_HANDLE, whatever lives now. 0 (WEFT_NONE) is no handle.
 *
 * Waiting. Calls that may wait end with `timeout` and `cancel`. In a fiber they suspend the fiber;
 * on a thread of yours they block that thread and nothing else. `timeout` is in nanoseconds from
 * now: WEFT_FOREVER, or 0 for a call that fails with WEFT_E_WOULD_BLOCK instead of waiting.
 * `cancel` is a token, or WEFT_NONE. Beside their own errors these calls fail with
 * WEFT_E_TIMED_OUT, WEFT_E_CANCELED (the token, or the fiber, was cancelled), and WEFT_E_CLOSED
 * (what they waited for was closed under them).
 *
 * Threads. Any fiber or thread may call anything, unless it says otherwise, and several may use a
 * handle at a time. A fiber may go on after any call of weft on another thread: in a function
 * that runs as a fiber keep neither errno nor the address of a thread-local variable across such a
 * call, or pin the fiber (WEFT_SPAWN_PINNED). What a language ties to its threads, such as
 * interpreter locks, must not be held across one either: call from threads of that language.
 *
 * Systems. What one does not have is WEFT_E_NOT_SUPPORTED: on Windows Unix sockets.
 *
 * Texts are UTF-8 and end with a zero. Addresses are texts: "127.0.0.1:80", "[::1]:80",
 * "example.org:80", ":80" for all IPv4 interfaces; of Unix sockets a path, or "@name" for an
 * abstract one. Options may be NULL; in a struct of options set `size` to its sizeof and all else
 * to 0, then what you want: that way programs and libraries of different versions understand each
 * other.
 *
 * No C++ exception leaves a call. Nothing here may be called in a signal handler, or in the child
 * of a fork before exec. */

#include <stddef.h>
#include <stdint.h>

#if defined(WEFT_C_BUILD) && defined(_WIN32)
#define WEFT_C_API __declspec(dllexport)
#elif defined(_WIN32)
#define WEFT_C_API __declspec(dllimport)
#else
#define WEFT_C_API __attribute__((visibility("default")))
#endif
#ifdef __cplusplus
#define WEFT_C_NOEXCEPT noexcept
extern "C" {
#else
#define WEFT_C_NOEXCEPT
#endif

/* The version of this interface. Functions and codes are only ever added within one. */
#define WEFT_C_VERSION 1
/* That of the library that is loaded. */
WEFT_C_API int weft_c_version(void) WEFT_C_NOEXCEPT;
/* "0.1.0". Never freed. */
WEFT_C_API const char* weft_version_text(void) WEFT_C_NOEXCEPT;

typedef int64_t weft_handle;
#define WEFT_NONE ((weft_handle)0)
#define WEFT_FOREVER ((int64_t)-1)
#define WEFT_SECOND ((int64_t)1000000000)
#define WEFT_MILLISECOND ((int64_t)1000000)

/* What a fiber or a timer calls. What it returns goes to weft_fiber_join(). */
typedef int64_t (*weft_function)(void* argument);

/* ---- Errors ---- */

/* Numbers never change their meaning. A system error that has no code here is WEFT_E_SYSTEM, and
 * weft_last_system_error() tells its number. */
enum {
  WEFT_OK = 0,
  /* The call cannot be right. */
  WEFT_E_INVALID_ARGUMENT = -1, /* a null, a number out of range, a text that is too long */
  WEFT_E_STALE_HANDLE = -2,     /* closed, or never a handle */
  WEFT_E_WRONG_KIND = -3,       /* a handle of something that has no such call */
  WEFT_E_WRONG_THREAD = -4,     /* only in a fiber, or only outside of one */
  WEFT_E_NOT_STARTED = -5,      /* weft_start() was not called, or weft_stop() was */
  WEFT_E_UNKNOWN_OPTION = -6,   /* options of a newer version that this one cannot honour */
  WEFT_E_OUT_OF_MEMORY = -7,
  WEFT_E_TOO_MANY_HANDLES = -8, /* 16,777,216 are open */
  WEFT_E_CALLBACK_FAILED = -9,  /* a C++ exception left a function of yours */
  WEFT_E_INTERNAL = -10,        /* a defect of weft */
  /* How a wait or a stream ended. */
  WEFT_E_TIMED_OUT = -20,
  WEFT_E_CANCELED = -21,
  WEFT_E_CLOSED = -22,
  WEFT_E_WOULD_BLOCK = -23,
  WEFT_E_END_OF_STREAM = -24,
  WEFT_E_WOULD_DEADLOCK = -25, /* a fiber joins itself */
  /* What the system says. */
  WEFT_E_SYSTEM = -40,
  WEFT_E_CONNECTION_REFUSED = -41,
  WEFT_E_CONNECTION_RESET = -42,
  WEFT_E_CONNECTION_ABORTED = -43,
  WEFT_E_BROKEN_PIPE = -44, /* written to, and the peer is gone */
  WEFT_E_NOT_CONNECTED = -45,
  WEFT_E_ALREADY_CONNECTED = -46,
  WEFT_E_ADDRESS_IN_USE = -47,
  WEFT_E_ADDRESS_NOT_AVAILABLE = -48,
  WEFT_E_NETWORK_UNREACHABLE = -49,
  WEFT_E_HOST_UNREACHABLE = -50,
  WEFT_E_PERMISSION_DENIED = -51,
  WEFT_E_MESSAGE_TOO_LONG = -52,
  WEFT_E_NO_SUCH_FILE = -53,
  WEFT_E_TOO_MANY_OPEN_FILES = -54,
  WEFT_E_NO_BUFFER_SPACE = -55,
  WEFT_E_NOT_SUPPORTED = -56,
  /* Addresses and names. */
  WEFT_E_BAD_ADDRESS = -70,
  WEFT_E_HOST_NOT_FOUND = -71,
  WEFT_E_NO_ADDRESS = -72,     /* the host exists and has none */
  WEFT_E_NO_NAME_SERVER = -73, /* none answered; worth another try */
  WEFT_E_SERVICE_NOT_FOUND = -74
};

/* "WEFT_E_TIMED_OUT"; "WEFT_OK" for 0 and above; "?" for no code. Never freed, never null. */
WEFT_C_API const char* weft_error_name(int64_t code) WEFT_C_NOEXCEPT;
/* A sentence. Never freed, never null. */
WEFT_C_API const char* weft_error_text(int64_t code) WEFT_C_NOEXCEPT;
/* The fullest sentence about the last call that failed in this fiber or on this thread. Writes at
 * most `size` bytes, a zero among them, and returns how long the text is without the zero, as
 * snprintf does; buffer may be NULL when size is 0. Success leaves it as it was. */
WEFT_C_API int64_t weft_last_error_text(char* buffer, size_t size) WEFT_C_NOEXCEPT;
/* The system's number (errno) behind that error; 0: none. */
WEFT_C_API int weft_last_system_error(void) WEFT_C_NOEXCEPT;

/* ---- Start and stop ---- */

/* One that the system does not have is refused: WEFT_E_NOT_SUPPORTED. */
enum {
  WEFT_BACKEND_AUTOMATIC = 0, /* what the environment's WEFT_BACKEND names, else the best */
  WEFT_BACKEND_IO_URING = 1,
  WEFT_BACKEND_EPOLL = 2,
  WEFT_BACKEND_POLL = 3,
  WEFT_BACKEND_KQUEUE = 4,
  WEFT_BACKEND_IOCP = 5
};
enum { WEFT_START_PINNED = 1 /* every fiber stays on one thread */ };

typedef struct weft_start_options {
  uint32_t size;
  uint32_t flags;      /* WEFT_START_... */
  uint32_t workers;    /* threads that run fibers, at most 256; 0: one for each processor */
  uint32_t backend;    /* WEFT_BACKEND_... */
  uint64_t stack_size; /* address space of a fiber's stack; 0: 256 KiB */
} weft_start_options;

/* Starts the library's threads. May be called again, also by other parts of the program that do not
 * know of each other: then it returns 1, the options in force stay, and one more weft_stop() is
 * due. */
WEFT_C_API int weft_start(const weft_start_options* options) WEFT_C_NOEXCEPT;
/* The last one cancels every fiber, waits until all have ended, closes every handle (who waits on
 * one is woken with WEFT_E_CLOSED) and ends the threads; the others return how many are still due.
 * Then weft_start() may be called again. Not in a fiber, nor in what weft_blocking() calls:
 * WEFT_E_WRONG_THREAD. */
WEFT_C_API int weft_stop(void) WEFT_C_NOEXCEPT;

/* ---- Handles ---- */

enum {
  WEFT_KIND_FIBER = 1,
  WEFT_KIND_TOKEN = 2,
  WEFT_KIND_SOCKET = 3,
  WEFT_KIND_CHANNEL = 4,
  WEFT_KIND_EVENT = 5
};

/* What it is, a WEFT_KIND_..., or WEFT_E_STALE_HANDLE. */
WEFT_C_API int weft_kind(weft_handle any) WEFT_C_NOEXCEPT;
/* Gives a handle of any kind up. A socket, a channel, an event is closed, and calls that wait on it
 * end with WEFT_E_CLOSED; a token is not cancelled by it; a fiber is detached. The second of two
 * calls gets WEFT_E_STALE_HANDLE. */
WEFT_C_API int weft_close(weft_handle any) WEFT_C_NOEXCEPT;

/* ---- Fibers ---- */

enum {
  WEFT_SPAWN_DETACHED = 1, /* there is no handle: weft_spawn() returns 0 */
  WEFT_SPAWN_PINNED = 2    /* the fiber stays on the thread that it first runs on */
};

typedef struct weft_spawn_options {
  uint32_t size;
  uint32_t flags;      /* WEFT_SPAWN_... */
  uint64_t stack_size; /* address space; 0: as weft_start() says */
  const char* name;    /* for dumps and overflow reports; copied; may be NULL */
} weft_spawn_options;

/* Runs function(argument) as a fiber. */
WEFT_C_API weft_handle weft_spawn(weft_function function, void* argument,
                                  const weft_spawn_options* options) WEFT_C_NOEXCEPT;
/* Calls the function `first` nanoseconds from now, and then every `period` (0: once), as long as it
 * returns 0. It is a fiber: weft_fiber_cancel() ends it, and weft_fiber_join() returns the last
 * result. Times that were missed are left out. */
WEFT_C_API weft_handle weft_timer(int64_t first, int64_t period, weft_function function,
                                  void* argument) WEFT_C_NOEXCEPT;
/* Waits for the end, stores what the function returned (result may be NULL) and closes the handle.
 * If that fails the handle is as it was. WEFT_E_CALLBACK_FAILED closes it, too. */
WEFT_C_API int weft_fiber_join(weft_handle fiber, int64_t* result, int64_t timeout,
                               weft_handle cancel) WEFT_C_NOEXCEPT;
/* Its waits, present and future, fail with WEFT_E_CANCELED. Returns at once. */
WEFT_C_API int weft_fiber_cancel(weft_handle fiber) WEFT_C_NOEXCEPT;
/* Lets it run on without a handle. */
WEFT_C_API int weft_fiber_detach(weft_handle fiber) WEFT_C_NOEXCEPT;

/* The calling fiber's number, above 0; 0 on a thread. */
WEFT_C_API int64_t weft_fiber_id(void) WEFT_C_NOEXCEPT;
/* Lets others run first. On a thread WEFT_E_WRONG_THREAD, as the next. */
WEFT_C_API int weft_yield(void) WEFT_C_NOEXCEPT;
/* For fibers that compute: WEFT_E_CANCELED once the fiber was cancelled. Never waits. */
WEFT_C_API int weft_check_cancel(void) WEFT_C_NOEXCEPT;
/* Has function(argument) called on a thread of its own kind, where it may block, and waits for it.
 * It cannot be cancelled once it runs. On a thread it is simply called. result may be NULL. */
WEFT_C_API int weft_blocking(weft_function function, void* argument,
                             int64_t* result) WEFT_C_NOEXCEPT;

/* Nanoseconds on the monotonic clock. */
WEFT_C_API int64_t weft_now(void) WEFT_C_NOEXCEPT;
/* Waits that long; 0 merely yields. */
WEFT_C_API int weft_sleep(int64_t time, weft_handle cancel) WEFT_C_NOEXCEPT;

/* ---- Cancellation tokens ---- */

/* A token ends the calls it is given to: with WEFT_E_CANCELED once it is cancelled, and with
 * WEFT_E_TIMED_OUT after its deadline, `timeout` from now (WEFT_FOREVER: none). One token may serve
 * many calls and callers. Give it up with weft_close(). */
WEFT_C_API weft_handle weft_token_create(int64_t timeout) WEFT_C_NOEXCEPT;
WEFT_C_API int weft_token_cancel(weft_handle token) WEFT_C_NOEXCEPT;
/* WEFT_OK, WEFT_E_CANCELED or WEFT_E_TIMED_OUT. */
WEFT_C_API int weft_token_state(weft_handle token) WEFT_C_NOEXCEPT;

/* ---- Sockets ---- */

enum { WEFT_IPV4 = 0, WEFT_IPV6 = 1, WEFT_LOCAL = 2 };                            /* domains */
enum { WEFT_STREAM = 0, WEFT_DATAGRAM = 1, WEFT_SEQUENCED = 2, WEFT_RAW = 3 };    /* types */
enum { WEFT_SHUTDOWN_READ = 1, WEFT_SHUTDOWN_WRITE = 2, WEFT_SHUTDOWN_BOTH = 3 }; /* sides */

enum {
  WEFT_LISTEN_REUSE_PORT = 1, /* several listeners share the port */
  WEFT_LISTEN_V6_ONLY = 2     /* an IPv6 listener takes no IPv4 connections */
};
typedef struct weft_listen_options {
  uint32_t size;
  uint32_t flags;   /* WEFT_LISTEN_... */
  uint32_t backlog; /* 0: the system's maximum */
  uint32_t mode; /* permissions of a Unix socket's file, such as 0660; 0: what the umask leaves */
} weft_listen_options;

/* Host names are looked up, and all addresses of a host are tried (RFC 8305). TCP sockets send
 * small writes at once. The timeout covers it all. */
WEFT_C_API weft_handle weft_tcp_connect(const char* address, int64_t timeout,
                                        weft_handle cancel) WEFT_C_NOEXCEPT;
WEFT_C_API weft_handle weft_tcp_listen(const char* address,
                                       const weft_listen_options* options) WEFT_C_NOEXCEPT;
WEFT_C_API weft_handle weft_unix_connect(const char* address, int64_t timeout,
                                         weft_handle cancel) WEFT_C_NOEXCEPT;
/* A path that a dead program left behind is replaced; the file is removed when the socket is
 * closed. */
WEFT_C_API weft_handle weft_unix_listen(const char* address,
                                        const weft_listen_options* options) WEFT_C_NOEXCEPT;
/* Two ends of a connection that has no address. */
WEFT_C_API int weft_unix_pair(weft_handle ends[2]) WEFT_C_NOEXCEPT;
/* A UDP socket with an address of this machine, port 0: a free one. NULL: an IPv4 socket that gets
 * one when it first sends. */
WEFT_C_API weft_handle weft_udp_open(const char* address) WEFT_C_NOEXCEPT;
/* A Unix datagram socket; NULL: one that cannot be answered. */
WEFT_C_API weft_handle weft_unix_datagram_open(const char* address) WEFT_C_NOEXCEPT;

/* The classic steps, for every domain and type: open, then bind, listen, connect as ever.
 * `protocol` is the system's number; 0: the usual one. */
WEFT_C_API weft_handle weft_socket(int domain, int type, int protocol) WEFT_C_NOEXCEPT;
WEFT_C_API int weft_bind(weft_handle socket, const char* address) WEFT_C_NOEXCEPT;
WEFT_C_API int weft_listen(weft_handle socket, int backlog) WEFT_C_NOEXCEPT;
/* Also names the peer of a datagram socket, from where alone it then receives. */
WEFT_C_API int weft_connect(weft_handle socket, const char* address, int64_t timeout,
                            weft_handle cancel) WEFT_C_NOEXCEPT;
WEFT_C_API weft_handle weft_accept(weft_handle socket, int64_t timeout,
                                   weft_handle cancel) WEFT_C_NOEXCEPT;

/* Reads what there is, at least one byte, at most `size`, which must not be 0.
 * Returns: how many bytes; 0 at the end of the stream. */
WEFT_C_API int64_t weft_read(weft_handle stream, void* buffer, size_t size, int64_t timeout,
                             weft_handle cancel) WEFT_C_NOEXCEPT;
/* Reads until the buffer is full, or fails: WEFT_E_END_OF_STREAM when the stream ends before. What
 * was read then is lost. Returns: size. */
WEFT_C_API int64_t weft_read_exact(weft_handle stream, void* buffer, size_t size, int64_t timeout,
                                   weft_handle cancel) WEFT_C_NOEXCEPT;
/* Writes what fits the system's buffer, at least one byte. Returns: how many bytes. */
WEFT_C_API int64_t weft_write(weft_handle stream, const void* data, size_t size, int64_t timeout,
                              weft_handle cancel) WEFT_C_NOEXCEPT;
/* Writes everything, or fails, and it is unknown how much was sent. Returns: size. */
WEFT_C_API int64_t weft_write_all(weft_handle stream, const void* data, size_t size,
                                  int64_t timeout, weft_handle cancel) WEFT_C_NOEXCEPT;

/* One datagram, which may be empty; of streams as weft_read() and weft_write().
 * Errors: WEFT_E_MESSAGE_TOO_LONG when what was received did not fit; the rest is lost. */
WEFT_C_API int64_t weft_recv(weft_handle socket, void* buffer, size_t size, int64_t timeout,
                             weft_handle cancel) WEFT_C_NOEXCEPT;
WEFT_C_API int64_t weft_send(weft_handle socket, const void* data, size_t size, int64_t timeout,
                             weft_handle cancel) WEFT_C_NOEXCEPT;
/* The same, and who has sent it: the text is cut at `from_size` bytes, of which the last is a zero.
 * WEFT_ADDRESS_SIZE suffices. */
#define WEFT_ADDRESS_SIZE 128
WEFT_C_API int64_t weft_recv_from(weft_handle socket, void* buffer, size_t size, char* from,
                                  size_t from_size, int64_t timeout,
                                  weft_handle cancel) WEFT_C_NOEXCEPT;
/* To an address in numbers: weft_resolve() finds that of a name. */
WEFT_C_API int64_t weft_send_to(weft_handle socket, const void* data, size_t size, const char* to,
                                int64_t timeout, weft_handle cancel) WEFT_C_NOEXCEPT;

/* Ends a direction: the peer sees the end of the stream after what was written. */
WEFT_C_API int weft_shutdown(weft_handle socket, int sides) WEFT_C_NOEXCEPT;

/* These write a text as weft_last_error_text() does, and return its length. */
WEFT_C_API int64_t weft_local_address(weft_handle socket, char* buffer,
                                      size_t size) WEFT_C_NOEXCEPT;
WEFT_C_API int64_t weft_peer_address(weft_handle socket, char* buffer, size_t size) WEFT_C_NOEXCEPT;
/* The first address of "example.org:80", in numbers. */
WEFT_C_API int64_t weft_resolve(const char* name, char* buffer, size_t size, int64_t timeout,
                                weft_handle cancel) WEFT_C_NOEXCEPT;

enum {
  WEFT_OPTION_NO_DELAY = 1, /* small writes leave at once */
  WEFT_OPTION_KEEP_ALIVE = 2,
  WEFT_OPTION_SEND_BUFFER = 3, /* bytes; the system may give more or less */
  WEFT_OPTION_RECEIVE_BUFFER = 4,
  WEFT_OPTION_REUSE_ADDRESS = 5, /* this and the next two before weft_bind() */
  WEFT_OPTION_REUSE_PORT = 6,
  WEFT_OPTION_V6_ONLY = 7,
  WEFT_OPTION_BROADCAST = 8,
  WEFT_OPTION_ERROR = 9 /* to read only: takes the pending error, a system's number */
};
WEFT_C_API int weft_set_option(weft_handle socket, int option, int value) WEFT_C_NOEXCEPT;
/* At least 0. */
WEFT_C_API int weft_option(weft_handle socket, int option) WEFT_C_NOEXCEPT;
/* The system's own number of the socket, for what has no call here; it stays weft's, is
 * non-blocking, and is only good as long as nobody closes the handle. */
WEFT_C_API int64_t weft_native_handle(weft_handle socket) WEFT_C_NOEXCEPT;
/* A handle for a socket of the system: one that was inherited, received or made otherwise, and is
 * connected, listens, is bound, or none of these. It becomes non-blocking and belongs to weft,
 * under a number of weft's own: `native` is closed. If this fails, nothing has changed. The file of
 * a Unix socket stays when the handle is closed. */
WEFT_C_API weft_handle weft_adopt(int64_t native) WEFT_C_NOEXCEPT;
/* Closes the handle and leaves the system's socket, non-blocking and close-on-exec, to the caller.
 * Calls that wait on it end with WEFT_E_CLOSED. The file of a Unix socket stays.
 * Returns: its number. */
WEFT_C_API int64_t weft_release(weft_handle socket) WEFT_C_NOEXCEPT;

/* ---- Channels and events ---- */

/* Carries pointers, which weft never looks at, in order, between any fibers and threads; `capacity`
 * may be 0: then a send waits for its receive. */
WEFT_C_API weft_handle weft_channel_create(size_t capacity) WEFT_C_NOEXCEPT;
/* A send that fails has left the pointer with its caller, a receive that fails has taken none. */
WEFT_C_API int weft_channel_send(weft_handle channel, void* value, int64_t timeout,
                                 weft_handle cancel) WEFT_C_NOEXCEPT;
WEFT_C_API int weft_channel_receive(weft_handle channel, void** value, int64_t timeout,
                                    weft_handle cancel) WEFT_C_NOEXCEPT;
/* Ends the sending: sends fail with WEFT_E_CLOSED, receives when all that is inside was taken. The
 * handle stays; weft_close() gives it up, and then what is still inside is lost. */
WEFT_C_API int weft_channel_close(weft_handle channel) WEFT_C_NOEXCEPT;
/* How many pointers are inside. */
WEFT_C_API int64_t weft_channel_size(weft_handle channel) WEFT_C_NOEXCEPT;

/* Something that has happened, or not yet. With `automatic` not 0 each set lets one waiter through,
 * otherwise it lets all through until it is reset. */
WEFT_C_API weft_handle weft_event_create(int automatic) WEFT_C_NOEXCEPT;
WEFT_C_API int weft_event_set(weft_handle event) WEFT_C_NOEXCEPT;
WEFT_C_API int weft_event_reset(weft_handle event) WEFT_C_NOEXCEPT;
WEFT_C_API int weft_event_wait(weft_handle event, int64_t timeout,
                               weft_handle cancel) WEFT_C_NOEXCEPT;

/* ---- Waiting for the first of several ---- */

enum {
  WEFT_SELECT_RECEIVE = 1, /* from the channel `what`, into `value` */
  WEFT_SELECT_SEND = 2,    /* `value`, into the channel `what` */
  WEFT_SELECT_WAIT = 3,    /* for the event `what`, or for the end of the fiber `what` */
  WEFT_SELECT_TIME = 4,    /* until `time` nanoseconds from now */
  WEFT_SELECT_DEFAULT = 5  /* wins when no other is ready: then nothing waits */
};

/* One of the things to wait for. Set what it does not need to 0. */
typedef struct weft_select_arm {
  int32_t operation; /* WEFT_SELECT_... */
  int32_t result;    /* written if it wins: WEFT_OK, or WEFT_E_CLOSED as the call alone says */
  weft_handle what;
  int64_t time;
  void* value;
} weft_select_arm;

/* Waits until one of the arms can be done and does that one: the others leave no trace, nothing is
 * sent or received for them. Where several can be done, each is as likely as any other. A fiber
 * that has ended is still to be joined. Up to 1,024 arms.
 * Returns: the number of the arm, from 0. */
WEFT_C_API int64_t weft_select(weft_select_arm* arms, size_t count, int64_t timeout,
                               weft_handle cancel) WEFT_C_NOEXCEPT;

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif
