/* Of POSIX's sockets: pairs of every type, and files that Unix sockets have. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/stat.h>
#include <system.h>

#include "check.h"
#include "native.h"

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
    check_left(one, freed);
    CHECK(native_send(freed, "still", 5) == 5);
    check_comes(other, "still");
    one = weft_adopt(freed);
    check_echo(one, other);
    CHECK_CODE(weft_close(one), WEFT_OK);
    CHECK_CODE(weft_close(other), WEFT_OK);
  }
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

int main(void) {
  weft_start_options options = {.size = sizeof options, .workers = 2};
  CHECK_CODE(weft_start(&options), WEFT_OK);
  everywhere(check_pairs);
  check_files();
  CHECK_CODE(weft_stop(), WEFT_OK);
  return failures;
}
