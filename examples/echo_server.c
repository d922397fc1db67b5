/* An echo server in C: a fiber for each connection, plain calls that seem to block, and no thread
 * that does.
 *
 *   c_echo_server [address]      127.0.0.1:7777 unless told
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <weft/ffi/weft.h>

static int64_t echo(void* argument) {
  const weft_handle peer = *(weft_handle*)argument;
  char buffer[16 * 1024];
  int64_t n;
  free(argument);
  while ((n = weft_read(peer, buffer, sizeof buffer, 30 * WEFT_SECOND, WEFT_NONE)) > 0) {
    if (weft_write_all(peer, buffer, (size_t)n, 30 * WEFT_SECOND, WEFT_NONE) < 0) {
      break;
    }
  }
  weft_close(peer);
  return 0;
}

static int fail(const char* what) {
  char why[256];
  weft_last_error_text(why, sizeof why);
  fprintf(stderr, "%s: %s\n", what, why);
  return EXIT_FAILURE;
}

int main(int argc, char** argv) {
  char address[WEFT_ADDRESS_SIZE];
  weft_spawn_options detached = {.size = sizeof detached, .flags = WEFT_SPAWN_DETACHED};
  detached.name = "echo";
  if (weft_start(NULL) < 0) {
    return fail("start");
  }
  const weft_handle listener = weft_tcp_listen(argc > 1 ? argv[1] : "127.0.0.1:7777", NULL);
  if (listener < 0 || weft_local_address(listener, address, sizeof address) < 0) {
    return fail("listen");
  }
  printf("listening on %s\n", address);
  fflush(stdout);
  for (;;) {
    /* main() is a thread and not a fiber: it blocks here, and the fibers run on. */
    weft_handle* const peer = malloc(sizeof *peer);
    if (!peer || (*peer = weft_accept(listener, WEFT_FOREVER, WEFT_NONE)) < 0) {
      return fail("accept");
    }
    if (weft_spawn(echo, peer, &detached) < 0) {
      return fail("spawn");
    }
  }
}
