/* An echo server and its clients, in C11: thousands of round trips in fibers and on a thread. */
#include <stdlib.h>
#include <string.h>
#include <system.h>

#include "check.h"

enum { clients = 20, round_trips = 250, message_size = 200 };

/* A pointer is too narrow for a handle where it has 32 bits: hand a place over instead. */
struct connection {
  weft_handle socket;
};

static int64_t serve_one(void* argument) {
  struct connection* mine = argument;
  const weft_handle peer = mine->socket;
  char buffer[4096];
  int64_t n;
  free(mine);
  while ((n = weft_read(peer, buffer, sizeof buffer, WEFT_FOREVER, WEFT_NONE)) > 0) {
    n = weft_write_all(peer, buffer, (size_t)n, WEFT_FOREVER, WEFT_NONE);
    if (n < 0) {
      break;
    }
  }
  weft_close(peer);
  return n;
}

static int64_t serve(void* argument) {
  const weft_handle listener = *(weft_handle*)argument;
  weft_spawn_options detached = {.size = sizeof detached, .flags = WEFT_SPAWN_DETACHED};
  detached.name = "echo";
  for (;;) {
    const weft_handle peer = weft_accept(listener, WEFT_FOREVER, WEFT_NONE);
    struct connection* its;
    if (peer < 0) {
      return peer;
    }
    its = malloc(sizeof *its);
    its->socket = peer;
    CHECK_CODE(weft_spawn(serve_one, its, &detached), WEFT_OK);
  }
}

typedef weft_handle (*connect_function)(const char*, int64_t, weft_handle);

struct server {
  char address[WEFT_ADDRESS_SIZE];
  connect_function connect;
};

static int64_t talk(void* argument) {
  const struct server* to = argument;
  char sent[message_size];
  char got[message_size];
  int i;
  const weft_handle server = to->connect(to->address, 20 * WEFT_SECOND, WEFT_NONE);
  CHECK(server > 0);
  for (i = 0; i < round_trips; ++i) {
    memset(sent, 'a' + i % 26, sizeof sent);
    CHECK_CODE(weft_write_all(server, sent, sizeof sent, WEFT_FOREVER, WEFT_NONE), message_size);
    CHECK_CODE(weft_read_exact(server, got, sizeof got, 20 * WEFT_SECOND, WEFT_NONE), message_size);
    if (memcmp(sent, got, sizeof got) != 0) {
      return -1000;
    }
  }
  CHECK_CODE(weft_shutdown(server, WEFT_SHUTDOWN_WRITE), WEFT_OK);
  CHECK_CODE(weft_read(server, got, sizeof got, 20 * WEFT_SECOND, WEFT_NONE), 0);
  CHECK_CODE(weft_close(server), WEFT_OK);
  return round_trips;
}

static void test_echo(weft_handle listener, connect_function connect) {
  weft_handle serving;
  weft_handle fibers[clients];
  struct server to;
  int64_t result = 0;
  int i;
  CHECK(listener > 0);
  to.connect = connect;
  CHECK(weft_local_address(listener, to.address, sizeof to.address) > 0);
  serving = weft_spawn(serve, &listener, NULL);
  for (i = 0; i < clients; ++i) {
    fibers[i] = weft_spawn(talk, &to, NULL);
    CHECK(fibers[i] > 0);
  }
  for (i = 0; i < clients; ++i) {
    CHECK_CODE(weft_fiber_join(fibers[i], &result, WEFT_FOREVER, WEFT_NONE), WEFT_OK);
    CHECK_CODE(result, round_trips);
  }
  CHECK_CODE(talk(&to), round_trips); /* on this thread, too */
  CHECK_CODE(weft_close(listener), WEFT_OK);
  CHECK_CODE(weft_fiber_join(serving, &result, WEFT_FOREVER, WEFT_NONE), WEFT_OK);
  CHECK(result == WEFT_E_CLOSED || result == WEFT_E_STALE_HANDLE);
}

int main(void) {
  char name[64];
  snprintf(name, sizeof name, "@weft.ffi.echo.%" PRId64, weft_now());
  CHECK_CODE(weft_start(NULL), WEFT_OK);
  test_echo(weft_tcp_listen("127.0.0.1:0", NULL), weft_tcp_connect);
  if (has_unix_sockets) {
    test_echo(weft_unix_listen(name, NULL), weft_unix_connect);
  }
  CHECK_CODE(weft_stop(), WEFT_OK);
  return failures;
}
