/* How a call that waits ends when what it waits for does not come: in a fiber, and on a thread. */
#include <stdlib.h>
#include <system.h>

#include "check.h"

/* Where the system counts seconds in 32 bits they do not last for so long. */
static const int64_t century = INT64_C(36500) * 24 * 3600 * WEFT_SECOND;

static int64_t cancel_soon(void* token) {
  weft_sleep(2 * WEFT_MILLISECOND, WEFT_NONE);
  return weft_token_cancel(*(weft_handle*)token);
}
/* Later than anyone waits for it, also on a busy machine: a wait that begins after it is another
   case. */
static int64_t close_soon(void* handle) {
  weft_sleep(20 * WEFT_MILLISECOND, WEFT_NONE);
  return weft_close(*(weft_handle*)handle);
}

static void check_cancels(int64_t (*wait)(weft_handle, int64_t, weft_handle), weft_handle on) {
  weft_handle token = weft_token_create(WEFT_FOREVER);
  weft_handle other;
  CHECK(token > 0);
  CHECK_CODE(weft_token_state(token), WEFT_OK);
  other = weft_spawn(cancel_soon, &token, NULL);
  CHECK_CODE(wait(on, WEFT_FOREVER, token), WEFT_E_CANCELED);
  CHECK_CODE(wait(on, WEFT_FOREVER, token), WEFT_E_CANCELED);
  CHECK_CODE(weft_token_state(token), WEFT_E_CANCELED);
  CHECK_CODE(weft_fiber_join(other, NULL, WEFT_FOREVER, WEFT_NONE), WEFT_OK);
  CHECK_CODE(weft_close(token), WEFT_OK);

  token = weft_token_create(2 * WEFT_MILLISECOND);
  CHECK_CODE(wait(on, WEFT_FOREVER, token), WEFT_E_TIMED_OUT);
  CHECK_CODE(weft_token_state(token), WEFT_E_TIMED_OUT);
  CHECK_CODE(weft_close(token), WEFT_OK);
}

/* All the ways in which a wait ends that does not get what it waits for. */
static void check_ends(int64_t (*wait)(weft_handle, int64_t, weft_handle), weft_handle on) {
  weft_handle other;
  CHECK_CODE(wait(on, 0, WEFT_NONE), WEFT_E_WOULD_BLOCK);
  CHECK_CODE(wait(on, 2 * WEFT_MILLISECOND, WEFT_NONE), WEFT_E_TIMED_OUT);
  CHECK_CODE(wait(on, -2, WEFT_NONE), WEFT_E_INVALID_ARGUMENT);
  CHECK_CODE(wait(on, WEFT_FOREVER, on), WEFT_E_WRONG_KIND);
  CHECK_CODE(wait(on, WEFT_FOREVER, 12345678), WEFT_E_STALE_HANDLE);
  check_cancels(wait, on);
  other = weft_spawn(close_soon, &on, NULL);
  CHECK_CODE(wait(on, century, WEFT_NONE), WEFT_E_CLOSED);
  CHECK_CODE(wait(on, WEFT_FOREVER, WEFT_NONE), WEFT_E_STALE_HANDLE);
  CHECK_CODE(weft_fiber_join(other, NULL, WEFT_FOREVER, WEFT_NONE), WEFT_OK);
}

static int64_t wait_read(weft_handle on, int64_t timeout, weft_handle cancel) {
  char one;
  return weft_read(on, &one, 1, timeout, cancel);
}
static int64_t wait_read_exact(weft_handle on, int64_t timeout, weft_handle cancel) {
  char one;
  return weft_read_exact(on, &one, 1, timeout, cancel);
}
static int64_t wait_recv_from(weft_handle on, int64_t timeout, weft_handle cancel) {
  char one;
  char from[WEFT_ADDRESS_SIZE];
  return weft_recv_from(on, &one, 1, from, sizeof from, timeout, cancel);
}
static int64_t wait_recv(weft_handle on, int64_t timeout, weft_handle cancel) {
  char one;
  return weft_recv(on, &one, 1, timeout, cancel);
}
static int64_t wait_receive(weft_handle on, int64_t timeout, weft_handle cancel) {
  void* value;
  return weft_channel_receive(on, &value, timeout, cancel);
}
static int64_t wait_send(weft_handle on, int64_t timeout, weft_handle cancel) {
  return weft_channel_send(on, NULL, timeout, cancel);
}
static int64_t wait_event(weft_handle on, int64_t timeout, weft_handle cancel) {
  return weft_event_wait(on, timeout, cancel);
}
static int64_t wait_accept(weft_handle on, int64_t timeout, weft_handle cancel) {
  return weft_accept(on, timeout, cancel);
}

static int64_t wait_join(weft_handle on, int64_t timeout, weft_handle cancel) {
  return weft_fiber_join(on, NULL, timeout, cancel);
}

static weft_handle classic(int type) {
  const weft_handle made = weft_socket(WEFT_IPV4, type, 0);
  CHECK_CODE(weft_bind(made, "127.0.0.1:0"), WEFT_OK);
  if (type == WEFT_STREAM) {
    CHECK_CODE(weft_listen(made, 0), WEFT_OK);
  }
  return made;
}

static int64_t check_all_ends(void* unused) {
  weft_handle pair[2];
  (void)unused;
  CHECK_CODE(connected_pair(pair), WEFT_OK);
  check_ends(wait_read, pair[0]);
  weft_close(pair[1]);
  CHECK_CODE(connected_pair(pair), WEFT_OK);
  check_ends(wait_read_exact, pair[0]);
  weft_close(pair[1]);
  check_ends(wait_accept, weft_tcp_listen("127.0.0.1:0", NULL));
  check_ends(wait_accept, classic(WEFT_STREAM));
  check_ends(wait_recv, classic(WEFT_DATAGRAM));
  check_ends(wait_recv_from, classic(WEFT_DATAGRAM));
  check_ends(wait_recv, weft_udp_open("127.0.0.1:0"));
  check_ends(wait_recv_from, weft_udp_open("127.0.0.1:0"));
  check_ends(wait_receive, weft_channel_create(0));
  check_ends(wait_send, weft_channel_create(0));
  check_ends(wait_event, weft_event_create(0));
  check_ends(wait_event, weft_event_create(1));
  return 0;
}

static int64_t sleep_for_ever(void* unused) {
  (void)unused;
  return weft_sleep(WEFT_FOREVER, WEFT_NONE);
}

static int64_t check_joining(void* unused) {
  const weft_handle fiber = weft_spawn(sleep_for_ever, NULL, NULL);
  int64_t result = 0;
  (void)unused;
  CHECK_CODE(wait_join(fiber, 0, WEFT_NONE), WEFT_E_WOULD_BLOCK);
  CHECK_CODE(wait_join(fiber, 2 * WEFT_MILLISECOND, WEFT_NONE), WEFT_E_TIMED_OUT);
  check_cancels(wait_join, fiber);
  CHECK_CODE(weft_fiber_cancel(fiber), WEFT_OK);
  CHECK_CODE(weft_fiber_join(fiber, &result, WEFT_FOREVER, WEFT_NONE), WEFT_OK);
  CHECK_CODE(result, WEFT_E_CANCELED);
  return 0;
}

static int64_t check_full_socket(void* unused) {
  static char block[65536];
  weft_handle pair[2];
  int64_t at_once;
  int64_t soon;
  int64_t all;
  (void)unused;
  CHECK_CODE(connected_pair(pair), WEFT_OK);
  /* Full is what stays so for all of these: a system may make more room, later. */
  do {
    while (weft_write(pair[0], block, sizeof block, 20 * WEFT_MILLISECOND, WEFT_NONE) > 0) {
    }
    at_once = weft_write(pair[0], block, 1, 0, WEFT_NONE);
    soon = weft_write(pair[0], block, 1, 2 * WEFT_MILLISECOND, WEFT_NONE);
    all = weft_write_all(pair[0], block, sizeof block, 2 * WEFT_MILLISECOND, WEFT_NONE);
  } while (at_once > 0 || soon > 0 || all > 0);
  CHECK_CODE(at_once, WEFT_E_WOULD_BLOCK);
  CHECK_CODE(soon, WEFT_E_TIMED_OUT);
  CHECK_CODE(all, WEFT_E_TIMED_OUT);
  CHECK_CODE(weft_close(pair[1]), WEFT_OK);
  CHECK(is_peer_gone(weft_write(pair[0], block, 1, WEFT_FOREVER, WEFT_NONE)));
  CHECK_CODE(weft_close(pair[0]), WEFT_OK);
  return 0;
}

static void everywhere(weft_function test) {
  const weft_handle fiber = weft_spawn(test, NULL, NULL);
  CHECK_CODE(weft_fiber_join(fiber, NULL, WEFT_FOREVER, WEFT_NONE), WEFT_OK);
  test(NULL);
}

int main(void) {
  weft_start_options options = {.size = sizeof options, .workers = 2};
  CHECK_CODE(weft_start(&options), WEFT_OK);
  everywhere(check_all_ends);
  everywhere(check_joining);
  everywhere(check_full_socket);
  CHECK_CODE(weft_stop(), WEFT_OK);
  return failures;
}
