/* Each call of weft.h does what it says, and refuses what cannot be right with the documented code.
 */
#include <string.h>
#include <system.h>

#include "check.h"

static int64_t forty_two(void* unused) {
  (void)unused;
  return 42;
}

static int64_t count_to_three(void* argument) {
  return ++*(int*)argument == 3 ? 3 : 0;
}

static int64_t sleep_for_ever(void* unused) {
  (void)unused;
  return weft_sleep(WEFT_FOREVER, WEFT_NONE);
}

static int64_t join_what_comes(void* channel) {
  void* fiber = NULL;
  weft_channel_receive(*(weft_handle*)channel, &fiber, WEFT_FOREVER, WEFT_NONE);
  return weft_fiber_join(*(weft_handle*)fiber, NULL, WEFT_FOREVER, WEFT_NONE);
}

static int64_t stop_it(void* unused) {
  (void)unused;
  return weft_stop();
}

static int64_t calls_in_a_fiber(void* unused) {
  int64_t stopped = 0;
  (void)unused;
  CHECK(weft_fiber_id() > 0);
  CHECK_CODE(weft_yield(), WEFT_OK);
  CHECK_CODE(weft_check_cancel(), WEFT_OK);
  CHECK_CODE(weft_stop(), WEFT_E_WRONG_THREAD);
  CHECK_CODE(weft_blocking(stop_it, NULL, &stopped), WEFT_OK);
  CHECK_CODE(stopped, WEFT_E_WRONG_THREAD);
  CHECK_CODE(weft_start(NULL), 1);
  return 0;
}

static void test_fibers(void) {
  int64_t result = 0;
  int count = 0;
  weft_handle channel = weft_channel_create(1);
  weft_spawn_options options = {.size = sizeof options, .name = "with a name"};
  weft_handle fiber = weft_spawn(forty_two, NULL, &options);
  CHECK_CODE(weft_kind(fiber), WEFT_KIND_FIBER);
  CHECK_CODE(weft_fiber_join(fiber, &result, WEFT_FOREVER, WEFT_NONE), WEFT_OK);
  CHECK_CODE(result, 42);
  CHECK_CODE(weft_fiber_join(fiber, &result, WEFT_FOREVER, WEFT_NONE), WEFT_E_STALE_HANDLE);
  CHECK_CODE(weft_fiber_cancel(fiber), WEFT_E_STALE_HANDLE);

  fiber = weft_spawn(join_what_comes, &channel, NULL);
  CHECK_CODE(weft_channel_send(channel, &fiber, WEFT_FOREVER, WEFT_NONE), WEFT_OK);
  CHECK_CODE(weft_fiber_join(fiber, &result, WEFT_FOREVER, WEFT_NONE), WEFT_OK);
  CHECK_CODE(result, WEFT_E_WOULD_DEADLOCK);

  fiber = weft_spawn(calls_in_a_fiber, NULL, NULL);
  CHECK_CODE(weft_fiber_join(fiber, NULL, WEFT_FOREVER, WEFT_NONE), WEFT_OK);
  CHECK_CODE(weft_stop(), 1);
  CHECK_CODE(weft_fiber_id(), 0);
  CHECK_CODE(weft_yield(), WEFT_E_WRONG_THREAD);
  CHECK_CODE(weft_check_cancel(), WEFT_E_WRONG_THREAD);

  fiber = weft_spawn(sleep_for_ever, NULL, NULL);
  CHECK_CODE(weft_fiber_detach(fiber), WEFT_OK);
  CHECK_CODE(weft_fiber_detach(fiber), WEFT_E_STALE_HANDLE);
  CHECK_CODE(weft_fiber_detach(channel), WEFT_E_WRONG_KIND);
  options.flags = WEFT_SPAWN_DETACHED | WEFT_SPAWN_PINNED;
  CHECK_CODE(weft_spawn(forty_two, NULL, &options), 0);
  options.flags = 64;
  CHECK_CODE(weft_spawn(forty_two, NULL, &options), WEFT_E_UNKNOWN_OPTION);
  options.flags = 0;
  options.stack_size = 1;
  CHECK_CODE(weft_spawn(forty_two, NULL, &options), WEFT_E_INVALID_ARGUMENT);
  CHECK_CODE(weft_spawn(NULL, NULL, NULL), WEFT_E_INVALID_ARGUMENT);

  fiber = weft_timer(WEFT_MILLISECOND, WEFT_MILLISECOND, count_to_three, &count);
  CHECK_CODE(weft_fiber_join(fiber, &result, WEFT_FOREVER, WEFT_NONE), WEFT_OK);
  CHECK_CODE(result, 3);
  CHECK_CODE(count, 3);
  fiber = weft_timer(3600 * WEFT_SECOND, 0, count_to_three, &count);
  CHECK_CODE(weft_fiber_cancel(fiber), WEFT_OK);
  CHECK_CODE(weft_fiber_join(fiber, &result, WEFT_FOREVER, WEFT_NONE), WEFT_E_CANCELED);
  CHECK_CODE(count, 3);
  CHECK_CODE(weft_timer(-1, 0, forty_two, NULL), WEFT_E_INVALID_ARGUMENT);
  CHECK_CODE(weft_timer(0, -1, forty_two, NULL), WEFT_E_INVALID_ARGUMENT);

  CHECK_CODE(weft_blocking(forty_two, NULL, &result), WEFT_OK);
  CHECK_CODE(weft_blocking(NULL, NULL, &result), WEFT_E_INVALID_ARGUMENT);
  CHECK_CODE(weft_sleep(-2, WEFT_NONE), WEFT_E_INVALID_ARGUMENT);
  CHECK_CODE(weft_sleep(0, WEFT_NONE), WEFT_OK);
  CHECK_CODE(weft_close(channel), WEFT_OK);
}

static void test_channels_and_events(void) {
  int one = 1;
  int two = 2;
  void* got = NULL;
  weft_handle channel = weft_channel_create(2);
  weft_handle event = weft_event_create(1);
  CHECK_CODE(weft_kind(channel), WEFT_KIND_CHANNEL);
  CHECK_CODE(weft_channel_send(channel, &one, 0, WEFT_NONE), WEFT_OK);
  CHECK_CODE(weft_channel_send(channel, &two, WEFT_SECOND, WEFT_NONE), WEFT_OK);
  CHECK_CODE(weft_channel_send(channel, &two, 0, WEFT_NONE), WEFT_E_WOULD_BLOCK);
  CHECK_CODE(weft_channel_size(channel), 2);
  CHECK_CODE(weft_channel_close(channel), WEFT_OK);
  CHECK_CODE(weft_channel_send(channel, &two, WEFT_FOREVER, WEFT_NONE), WEFT_E_CLOSED);
  CHECK_CODE(weft_channel_receive(channel, &got, WEFT_FOREVER, WEFT_NONE), WEFT_OK);
  CHECK(got == &one);
  CHECK_CODE(weft_channel_receive(channel, &got, 0, WEFT_NONE), WEFT_OK);
  CHECK(got == &two);
  CHECK_CODE(weft_channel_receive(channel, &got, WEFT_FOREVER, WEFT_NONE), WEFT_E_CLOSED);
  CHECK_CODE(weft_channel_receive(channel, NULL, WEFT_FOREVER, WEFT_NONE), WEFT_E_INVALID_ARGUMENT);
  CHECK_CODE(weft_channel_create((size_t)-1), WEFT_E_INVALID_ARGUMENT);

  CHECK_CODE(weft_kind(event), WEFT_KIND_EVENT);
  CHECK_CODE(weft_event_set(event), WEFT_OK);
  CHECK_CODE(weft_event_wait(event, 0, WEFT_NONE), WEFT_OK);
  CHECK_CODE(weft_event_wait(event, 0, WEFT_NONE), WEFT_E_WOULD_BLOCK);
  CHECK_CODE(weft_event_set(event), WEFT_OK);
  CHECK_CODE(weft_event_reset(event), WEFT_OK);
  CHECK_CODE(weft_event_wait(event, 0, WEFT_NONE), WEFT_E_WOULD_BLOCK);
  CHECK_CODE(weft_event_set(channel), WEFT_E_WRONG_KIND);
  CHECK_CODE(weft_channel_close(event), WEFT_E_WRONG_KIND);
  CHECK_CODE(weft_close(channel), WEFT_OK);
  CHECK_CODE(weft_close(event), WEFT_OK);
  CHECK_CODE(weft_event_set(event), WEFT_E_STALE_HANDLE);
}

static void test_datagrams(void) {
  char address[WEFT_ADDRESS_SIZE];
  char from[WEFT_ADDRESS_SIZE];
  char own[WEFT_ADDRESS_SIZE];
  char buffer[16];
  weft_handle server = weft_udp_open("127.0.0.1:0");
  weft_handle client = weft_socket(WEFT_IPV4, WEFT_DATAGRAM, 0);
  CHECK(weft_local_address(server, address, sizeof address) > 0);
  CHECK_CODE(weft_bind(client, "127.0.0.1:0"), WEFT_OK);
  CHECK(weft_local_address(client, own, sizeof own) > 0);
  CHECK_CODE(weft_send_to(client, "hello", 5, address, WEFT_FOREVER, WEFT_NONE), 5);
  CHECK_CODE(
      weft_recv_from(server, buffer, sizeof buffer, from, sizeof from, WEFT_FOREVER, WEFT_NONE), 5);
  CHECK(memcmp(buffer, "hello", 5) == 0);
  CHECK(strcmp(from, own) == 0);
  CHECK_CODE(weft_connect(server, own, WEFT_FOREVER, WEFT_NONE), WEFT_OK);
  CHECK_CODE(weft_connect(client, address, WEFT_FOREVER, WEFT_NONE), WEFT_OK);
  CHECK_CODE(weft_send(server, NULL, 0, WEFT_FOREVER, WEFT_NONE), 0);
  CHECK_CODE(weft_recv(client, buffer, sizeof buffer, WEFT_FOREVER, WEFT_NONE), 0);
  CHECK_CODE(weft_send(server, "a long message", 14, WEFT_FOREVER, WEFT_NONE), 14);
  CHECK_CODE(weft_recv(client, buffer, 3, WEFT_FOREVER, WEFT_NONE), WEFT_E_MESSAGE_TOO_LONG);
  CHECK_CODE(weft_read(client, buffer, 3, WEFT_FOREVER, WEFT_NONE), WEFT_E_WRONG_KIND);
  CHECK_CODE(weft_send_to(client, "x", 1, "example.org:1", WEFT_FOREVER, WEFT_NONE),
             WEFT_E_BAD_ADDRESS);
  CHECK_CODE(weft_recv_from(server, buffer, 1, NULL, 5, WEFT_FOREVER, WEFT_NONE),
             WEFT_E_INVALID_ARGUMENT);
  CHECK_CODE(weft_set_option(client, WEFT_OPTION_BROADCAST, 1), WEFT_OK);
  CHECK_CODE(weft_option(client, WEFT_OPTION_BROADCAST), 1);
  CHECK_CODE(weft_close(server), WEFT_OK);
  CHECK_CODE(weft_close(client), WEFT_OK);
}

static void test_unix_datagrams(void) {
  char own[WEFT_ADDRESS_SIZE];
  char from[WEFT_ADDRESS_SIZE];
  char buffer[16];
  weft_handle server;
  weft_handle client;
  snprintf(own, sizeof own, "@weft.ffi.datagrams.%" PRId64, weft_now());
  server = weft_unix_datagram_open(own);
  client = weft_unix_datagram_open(NULL);
  CHECK_CODE(weft_send_to(client, "hello", 5, own, WEFT_FOREVER, WEFT_NONE), 5);
  CHECK_CODE(
      weft_recv_from(server, buffer, sizeof buffer, from, sizeof from, WEFT_FOREVER, WEFT_NONE), 5);
  CHECK(from[0] == '\0');
  CHECK_CODE(weft_close(server), WEFT_OK);
  CHECK_CODE(weft_close(client), WEFT_OK);
}

static void test_no_unix_sockets(void) {
  weft_handle pair[2];
  char text[256];
  CHECK_CODE(weft_unix_datagram_open(NULL), WEFT_E_NOT_SUPPORTED);
  CHECK_CODE(weft_unix_datagram_open("somewhere"), WEFT_E_NOT_SUPPORTED);
  CHECK_CODE(weft_unix_pair(pair), WEFT_E_NOT_SUPPORTED);
  CHECK_CODE(weft_socket(WEFT_LOCAL, WEFT_STREAM, 0), WEFT_E_NOT_SUPPORTED);
  CHECK_CODE(weft_unix_listen("somewhere", NULL), WEFT_E_NOT_SUPPORTED);
  CHECK_CODE(weft_unix_connect("somewhere", WEFT_FOREVER, WEFT_NONE), WEFT_E_NOT_SUPPORTED);
  CHECK(weft_last_error_text(text, sizeof text) > 0 && strstr(text, "somewhere") != NULL);
}

static void test_classic(void) {
  char address[WEFT_ADDRESS_SIZE];
  char text[WEFT_ADDRESS_SIZE];
  char buffer[16];
  const weft_handle listener = weft_socket(WEFT_IPV4, WEFT_STREAM, 0);
  const weft_handle client = weft_socket(WEFT_IPV4, WEFT_STREAM, 0);
  weft_handle server;
  CHECK_CODE(weft_set_option(listener, WEFT_OPTION_REUSE_ADDRESS, 1), WEFT_OK);
  CHECK_CODE(weft_set_option(listener, WEFT_OPTION_REUSE_PORT, 1),
             has_reuse_port ? WEFT_OK : WEFT_E_NOT_SUPPORTED);
  CHECK_CODE(weft_bind(listener, "127.0.0.1:0"), WEFT_OK);
  CHECK_CODE(weft_listen(listener, 16), WEFT_OK);
  CHECK(weft_local_address(listener, address, sizeof address) > 0);
  CHECK_CODE(weft_connect(client, address, 20 * WEFT_SECOND, WEFT_NONE), WEFT_OK);
  server = weft_accept(listener, 20 * WEFT_SECOND, WEFT_NONE);
  CHECK_CODE(weft_kind(server), WEFT_KIND_SOCKET);
  CHECK_CODE(weft_send(client, "hello", 5, WEFT_FOREVER, WEFT_NONE), 5);
  CHECK_CODE(weft_recv(server, buffer, sizeof buffer, WEFT_FOREVER, WEFT_NONE), 5);
  CHECK_CODE(weft_write_all(server, "answer", 6, WEFT_FOREVER, WEFT_NONE), 6);
  CHECK_CODE(weft_read_exact(client, buffer, 6, WEFT_FOREVER, WEFT_NONE), 6);
  CHECK(weft_peer_address(client, text, sizeof text) > 0 && strcmp(text, address) == 0);
  CHECK_CODE(weft_set_option(client, WEFT_OPTION_NO_DELAY, 1), WEFT_OK);
  CHECK_CODE(weft_option(client, WEFT_OPTION_NO_DELAY), 1);
  CHECK_CODE(weft_option(client, WEFT_OPTION_ERROR), 0);
  CHECK_CODE(weft_set_option(client, WEFT_OPTION_ERROR, 1), WEFT_E_UNKNOWN_OPTION);
  CHECK_CODE(weft_set_option(client, WEFT_OPTION_NO_DELAY, 2), WEFT_E_INVALID_ARGUMENT);
  CHECK_CODE(weft_option(client, 99), WEFT_E_UNKNOWN_OPTION);
  CHECK(weft_native_handle(client) > 0);
  CHECK_CODE(weft_shutdown(client, WEFT_SHUTDOWN_WRITE), WEFT_OK);
  CHECK_CODE(weft_read(server, buffer, 6, WEFT_FOREVER, WEFT_NONE), 0);
  CHECK_CODE(weft_read_exact(server, buffer, 6, WEFT_FOREVER, WEFT_NONE), WEFT_E_END_OF_STREAM);
  CHECK_CODE(weft_shutdown(client, 0), WEFT_E_INVALID_ARGUMENT);
  CHECK_CODE(weft_close(server), WEFT_OK);
  CHECK_CODE(weft_close(client), WEFT_OK);
  CHECK_CODE(weft_close(listener), WEFT_OK);
  CHECK_CODE(weft_socket(9, 0, 0), WEFT_E_INVALID_ARGUMENT);
  CHECK_CODE(weft_socket(0, 9, 0), WEFT_E_INVALID_ARGUMENT);
}

int main(void) {
  CHECK_CODE(weft_start(NULL), WEFT_OK);
  test_fibers();
  test_channels_and_events();
  test_datagrams();
  if (has_unix_sockets) {
    test_unix_datagrams();
  } else {
    test_no_unix_sockets();
  }
  test_classic();
  CHECK_CODE(weft_stop(), WEFT_OK); /* with handles and fibers left */
  return failures;
}
