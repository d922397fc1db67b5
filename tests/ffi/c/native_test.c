/* Sockets of the system come in by weft_adopt() and leave by weft_release(). */
#include "native.h"

#include <string.h>
#include <system.h>

#include "check.h"

/* Later than anyone waits for it, also on a busy machine. */
static int64_t release_soon(void* handle) {
  weft_sleep(20 * WEFT_MILLISECOND, WEFT_NONE);
  return weft_release(*(weft_handle*)handle);
}

/* What waits on a socket that leaves is told so, and the socket is whole. */
static int64_t check_release_under_a_wait(void* unused) {
  weft_handle ends[2];
  weft_handle other;
  int64_t freed = 0;
  char got[8];
  (void)unused;
  CHECK_CODE(connected_pair(ends), WEFT_OK);
  other = weft_spawn(release_soon, &ends[0], NULL);
  CHECK_CODE(weft_read(ends[0], got, sizeof got, 20 * WEFT_SECOND, WEFT_NONE), WEFT_E_CLOSED);
  CHECK_CODE(weft_fiber_join(other, &freed, WEFT_FOREVER, WEFT_NONE), WEFT_OK);
  check_left(ends[0], freed);
  ends[0] = weft_adopt(freed);
  check_echo(ends[1], ends[0]);
  CHECK_CODE(weft_close(ends[0]), WEFT_OK);
  CHECK_CODE(weft_read(ends[1], got, sizeof got, 20 * WEFT_SECOND, WEFT_NONE), 0);
  CHECK_CODE(weft_close(ends[1]), WEFT_OK);
  return 0;
}

static int64_t check_tcp(void* unused) {
  char address[WEFT_ADDRESS_SIZE];
  const int64_t native = native_socket(1);
  weft_handle listener;
  weft_handle client;
  weft_handle server;
  int64_t freed;
  (void)unused;
  CHECK(native_listen(native) == 0);
  listener = weft_adopt(native);
  CHECK(weft_local_address(listener, address, sizeof address) > 0);
  client = weft_tcp_connect(address, WEFT_FOREVER, WEFT_NONE);
  server = weft_accept(listener, 20 * WEFT_SECOND, WEFT_NONE);
  check_echo(client, server);
  freed = weft_release(server);
  check_left(server, freed);
  CHECK(native_send(freed, "still", 5) == 5);
  check_comes(client, "still");
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
  client = weft_adopt(native_socket(1));
  CHECK_CODE(weft_connect(client, address, WEFT_FOREVER, WEFT_NONE), WEFT_OK);
  CHECK_CODE(weft_close(client), WEFT_OK);
  CHECK_CODE(weft_close(listener), WEFT_OK);
  return 0;
}

static int64_t check_udp(void* unused) {
  char address[WEFT_ADDRESS_SIZE];
  const int64_t native = native_socket(0);
  const weft_handle other = weft_udp_open("127.0.0.1:0");
  weft_handle adopted;
  (void)unused;
  adopted = weft_adopt(native);
  CHECK(weft_local_address(adopted, address, sizeof address) > 0);
  CHECK_CODE(weft_send_to(other, "abc", 3, address, WEFT_FOREVER, WEFT_NONE), 3);
  check_comes(adopted, "abc");
  CHECK_CODE(weft_close(adopted), WEFT_OK);
  CHECK_CODE(weft_close(other), WEFT_OK);
  return 0;
}

static void check_refusals(void) {
  const int64_t other = no_socket();
  const weft_handle channel = weft_channel_create(0);
  CHECK_CODE(weft_adopt(-1), WEFT_E_INVALID_ARGUMENT);
  CHECK_CODE(weft_adopt(INT64_MAX), WEFT_E_INVALID_ARGUMENT);
  CHECK_CODE(weft_adopt(1000000), WEFT_E_CLOSED);
  CHECK_CODE(weft_adopt(other), WEFT_E_SYSTEM);
  CHECK_CODE(weft_release(channel), WEFT_E_WRONG_KIND);
  CHECK_CODE(weft_release(0), WEFT_E_STALE_HANDLE);
  CHECK(close_no_socket(other) == 0);
  CHECK_CODE(weft_close(channel), WEFT_OK);
}

static void check_before_start(void) {
  const int64_t native = native_socket(0);
  CHECK_CODE(weft_adopt(native), WEFT_E_NOT_STARTED);
  CHECK(native_waits(native));
  CHECK(native_close(native) == 0);
}

int main(void) {
  weft_start_options options = {.size = sizeof options, .workers = 2};
  check_before_start();
  CHECK_CODE(weft_start(&options), WEFT_OK);
  everywhere(check_release_under_a_wait);
  everywhere(check_tcp);
  everywhere(check_udp);
  check_refusals();
  CHECK_CODE(weft_stop(), WEFT_OK);
  return failures;
}
