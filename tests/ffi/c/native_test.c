/* Sockets of the system come in by weft_adopt() and leave by weft_release(). */
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "check.h"

static void check_comes(weft_handle socket, const char* what) {
  const int64_t size = (int64_t)strlen(what);
  char got[8];
  CHECK_CODE(weft_recv(socket, got, sizeof got, 20 * WEFT_SECOND, WEFT_NONE), size);
  CHECK(memcmp(got, what, (size_t)size) == 0);
}

static void check_echo(weft_handle one, weft_handle other) {
  CHECK_CODE(weft_send(one, "hello", 5, WEFT_FOREVER, WEFT_NONE), 5);
  check_comes(other, "hello");
}

static int64_t check_pairs(void* unused) {
  static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
  size_t i;
  (void)unused;
  for (i = 0; i < sizeof types / sizeof *types; ++i) {
    int native[2];
    weft_handle one;
    weft_handle other;
    int64_t freed;
    CHECK(socketpair(AF_UNIX, types[i], 0, native) == 0);
    one = weft_adopt(native[0]);
    other = weft_adopt(native[1]);
    CHECK_CODE(weft_kind(one), WEFT_KIND_SOCKET);
    check_echo(one, other);
    freed = weft_release(one);
    CHECK(freed > 0);
    CHECK_CODE(weft_release(one), WEFT_E_STALE_HANDLE);
    CHECK((fcntl((int)freed, F_GETFD) & FD_CLOEXEC) != 0);
    CHECK((fcntl((int)freed, F_GETFL) & O_NONBLOCK) != 0);
    CHECK(send((int)freed, "still", 5, 0) == 5);
    check_comes(other, "still");
    one = weft_adopt(freed);
    check_echo(one, other);
    CHECK_CODE(weft_close(one), WEFT_OK);
    CHECK_CODE(weft_close(other), WEFT_OK);
  }
  return 0;
}

static int64_t release_soon(void* handle) {
  weft_sleep(2 * WEFT_MILLISECOND, WEFT_NONE);
  return weft_release(*(weft_handle*)handle);
}

/* What waits on a socket that leaves is told so, and the socket is whole. */
static int64_t check_release_under_a_wait(void* unused) {
  weft_handle ends[2];
  weft_handle other;
  int64_t freed = 0;
  char got[8];
  (void)unused;
  CHECK_CODE(weft_unix_pair(ends), WEFT_OK);
  other = weft_spawn(release_soon, &ends[0], NULL);
  CHECK_CODE(weft_read(ends[0], got, sizeof got, 20 * WEFT_SECOND, WEFT_NONE), WEFT_E_CLOSED);
  CHECK_CODE(weft_fiber_join(other, &freed, WEFT_FOREVER, WEFT_NONE), WEFT_OK);
  CHECK(freed > 0);
  ends[0] = weft_adopt(freed);
  check_echo(ends[1], ends[0]);
  CHECK_CODE(weft_close(ends[0]), WEFT_OK);
  CHECK_CODE(weft_read(ends[1], got, sizeof got, 20 * WEFT_SECOND, WEFT_NONE), 0);
  CHECK_CODE(weft_close(ends[1]), WEFT_OK);
  return 0;
}

static int64_t check_tcp(void* unused) {
  struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  char address[WEFT_ADDRESS_SIZE];
  const int native = socket(AF_INET, SOCK_STREAM, 0);
  weft_handle listener;
  weft_handle client;
  weft_handle server;
  int64_t freed;
  (void)unused;
  CHECK(bind(native, (struct sockaddr*)&any, sizeof any) == 0 && listen(native, 5) == 0);
  listener = weft_adopt(native);
  CHECK(weft_local_address(listener, address, sizeof address) > 0);
  client = weft_tcp_connect(address, WEFT_FOREVER, WEFT_NONE);
  server = weft_accept(listener, 20 * WEFT_SECOND, WEFT_NONE);
  check_echo(client, server);
  freed = weft_release(server);
  server = weft_adopt(freed);
  check_echo(server, client);
  CHECK_CODE(weft_set_option(server, WEFT_OPTION_NO_DELAY, 1), WEFT_OK);
  freed = weft_release(listener);
  CHECK_CODE(weft_accept(listener, 0, WEFT_NONE), WEFT_E_STALE_HANDLE);
  listener = weft_adopt(freed);
  CHECK_CODE(weft_accept(listener, 0, WEFT_NONE), WEFT_E_WOULD_BLOCK);
  CHECK_CODE(weft_close(client), WEFT_OK);
  CHECK_CODE(weft_close(server), WEFT_OK);

  /* Neither connected nor listening: the classic steps go on from there. */
  client = weft_adopt(socket(AF_INET, SOCK_STREAM, 0));
  CHECK_CODE(weft_connect(client, address, WEFT_FOREVER, WEFT_NONE), WEFT_OK);
  CHECK_CODE(weft_close(client), WEFT_OK);
  CHECK_CODE(weft_close(listener), WEFT_OK);
  return 0;
}

static int64_t check_udp(void* unused) {
  struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  char address[WEFT_ADDRESS_SIZE];
  const int native = socket(AF_INET, SOCK_DGRAM, 0);
  const weft_handle other = weft_udp_open("127.0.0.1:0");
  weft_handle adopted;
  (void)unused;
  CHECK(bind(native, (struct sockaddr*)&any, sizeof any) == 0);
  adopted = weft_adopt(native);
  CHECK(weft_local_address(adopted, address, sizeof address) > 0);
  CHECK_CODE(weft_send_to(other, "abc", 3, address, WEFT_FOREVER, WEFT_NONE), 3);
  check_comes(adopted, "abc");
  CHECK_CODE(weft_close(adopted), WEFT_OK);
  CHECK_CODE(weft_close(other), WEFT_OK);
  return 0;
}

/* Weft removes the file of a socket that it made, unless the socket has left. */
static void check_files(void) {
  char path[64];
  struct stat found;
  weft_handle listener;
  snprintf(path, sizeof path, "/tmp/weft.ffi.%ld.%" PRId64, (long)getpid(), weft_now());
  listener = weft_unix_listen(path, NULL);
  CHECK(listener > 0);
  listener = weft_adopt(weft_release(listener));
  CHECK(stat(path, &found) == 0);
  CHECK_CODE(weft_accept(listener, 0, WEFT_NONE), WEFT_E_WOULD_BLOCK);
  CHECK_CODE(weft_close(listener), WEFT_OK);
  CHECK(stat(path, &found) == 0);
  listener = weft_unix_listen(path, NULL); /* nobody serves it: replaced */
  CHECK_CODE(weft_close(listener), WEFT_OK);
  CHECK(stat(path, &found) != 0);
}

static void check_refusals(void) {
  int pipes[2];
  const weft_handle channel = weft_channel_create(0);
  CHECK(pipe(pipes) == 0);
  CHECK_CODE(weft_adopt(-1), WEFT_E_INVALID_ARGUMENT);
  CHECK_CODE(weft_adopt(INT64_MAX), WEFT_E_INVALID_ARGUMENT);
  CHECK_CODE(weft_adopt(1000000), WEFT_E_CLOSED);
  CHECK_CODE(weft_adopt(pipes[0]), WEFT_E_SYSTEM);
  CHECK((fcntl(pipes[0], F_GETFL) & O_NONBLOCK) == 0);
  CHECK_CODE(weft_release(channel), WEFT_E_WRONG_KIND);
  CHECK_CODE(weft_release(0), WEFT_E_STALE_HANDLE);
  CHECK(close(pipes[0]) == 0 && close(pipes[1]) == 0);
  CHECK_CODE(weft_close(channel), WEFT_OK);
}

static void check_before_start(void) {
  const int native = socket(AF_INET, SOCK_STREAM, 0);
  CHECK_CODE(weft_adopt(native), WEFT_E_NOT_STARTED);
  CHECK((fcntl(native, F_GETFL) & O_NONBLOCK) == 0);
  CHECK(close(native) == 0);
}

static void everywhere(weft_function test) {
  const weft_handle fiber = weft_spawn(test, NULL, NULL);
  CHECK_CODE(weft_fiber_join(fiber, NULL, WEFT_FOREVER, WEFT_NONE), WEFT_OK);
  test(NULL);
}

int main(void) {
  weft_start_options options = {.size = sizeof options, .workers = 2};
  check_before_start();
  CHECK_CODE(weft_start(&options), WEFT_OK);
  everywhere(check_pairs);
  everywhere(check_release_under_a_wait);
  everywhere(check_tcp);
  everywhere(check_udp);
  check_files();
  check_refusals();
  CHECK_CODE(weft_stop(), WEFT_OK);
  return failures;
}
