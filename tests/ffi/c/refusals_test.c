/* What cannot be right is refused, with the documented code. */
#include <string.h>
#include <system.h>

#include "check.h"

static int64_t forty_two(void* unused) {
  (void)unused;
  return 42;
}

static void test_before_start(void) {
  CHECK_CODE(weft_spawn(forty_two, NULL, NULL), WEFT_E_NOT_STARTED);
  CHECK_CODE(weft_timer(0, 0, forty_two, NULL), WEFT_E_NOT_STARTED);
  CHECK_CODE(weft_tcp_listen("127.0.0.1:0", NULL), WEFT_E_NOT_STARTED);
  CHECK_CODE(weft_tcp_connect("127.0.0.1:1", WEFT_FOREVER, WEFT_NONE), WEFT_E_NOT_STARTED);
  CHECK_CODE(weft_socket(WEFT_IPV4, WEFT_STREAM, 0), WEFT_E_NOT_STARTED);
  CHECK_CODE(weft_channel_create(1), WEFT_E_NOT_STARTED);
  CHECK_CODE(weft_event_create(0), WEFT_E_NOT_STARTED);
  CHECK_CODE(weft_token_create(WEFT_FOREVER), WEFT_E_NOT_STARTED);
  CHECK_CODE(weft_stop(), WEFT_E_NOT_STARTED);
  CHECK_CODE(weft_close(1), WEFT_E_STALE_HANDLE);
}

/* Options of an older program are shorter, those of a newer one longer. */
static void test_options(void) {
  struct {
    weft_start_options known;
    uint32_t newer;
    uint32_t filler;
  } longer = {{sizeof longer, 0, 2, 0, 0}, 0, 0};
  weft_start_options wrong = {sizeof wrong, 0, 0, 0, 0};
  uint32_t shortest = sizeof shortest;
  longer.newer = 1;
  CHECK_CODE(weft_start(&longer.known), WEFT_E_UNKNOWN_OPTION);
  wrong.flags = 0x80000000U;
  CHECK_CODE(weft_start(&wrong), WEFT_E_UNKNOWN_OPTION);
  wrong.flags = 0;
  wrong.backend = 77;
  CHECK_CODE(weft_start(&wrong), WEFT_E_UNKNOWN_OPTION);
  wrong.backend = 0;
  wrong.workers = 257;
  CHECK_CODE(weft_start(&wrong), WEFT_E_INVALID_ARGUMENT);
  wrong.workers = 0;
  wrong.stack_size = 100;
  CHECK_CODE(weft_start(&wrong), WEFT_E_INVALID_ARGUMENT);
  wrong.size = 3;
  CHECK_CODE(weft_start(&wrong), WEFT_E_INVALID_ARGUMENT);
  longer.newer = 0;
  CHECK_CODE(weft_start(&longer.known), WEFT_OK);
  CHECK_CODE(weft_start((const weft_start_options*)(const void*)&shortest), 1);
  CHECK_CODE(weft_start(NULL), 1);
  CHECK_CODE(weft_stop(), 2);
  CHECK_CODE(weft_stop(), 1);
}

/* Those of this system, named outright, and one that no system has beside them. */
static void test_backends(void) {
  weft_start_options asked = {sizeof asked, 0, 1, 0, 0};
  char text[256];
  weft_handle pair[2];
  int i;
  for (i = 0; i < backends_here; ++i) {
    asked.backend = backend_here[i];
    CHECK_CODE(weft_start(&asked), WEFT_OK);
    CHECK_CODE(connected_pair(pair), WEFT_OK);
    CHECK_CODE(weft_write_all(pair[0], "ping", 4, WEFT_FOREVER, WEFT_NONE), 4);
    CHECK_CODE(weft_read(pair[1], text, 4, WEFT_FOREVER, WEFT_NONE), 4);
    CHECK_CODE(weft_stop(), WEFT_OK);
  }
  asked.backend = backend_elsewhere;
  CHECK_CODE(weft_start(&asked), WEFT_E_NOT_SUPPORTED);
  weft_last_error_text(text, sizeof text);
  CHECK(strstr(text, name_of_backend_elsewhere));
}

static void test_wrong_arguments(void) {
  char buffer[8];
  char text[256];
  static char endless[8000];
  const weft_handle listener = weft_tcp_listen("127.0.0.1:0", NULL);
  const weft_handle token = weft_token_create(WEFT_FOREVER);
  weft_handle pair[2];
  weft_listen_options options = {.size = sizeof options, .flags = 128};
  CHECK_CODE(connected_pair(pair), WEFT_OK);
  CHECK_CODE(weft_unix_pair(NULL), WEFT_E_INVALID_ARGUMENT);
  CHECK_CODE(weft_read(pair[0], NULL, 8, WEFT_FOREVER, WEFT_NONE), WEFT_E_INVALID_ARGUMENT);
  CHECK_CODE(weft_read(pair[0], buffer, 0, WEFT_FOREVER, WEFT_NONE), WEFT_E_INVALID_ARGUMENT);
  CHECK_CODE(weft_read(pair[0], buffer, (size_t)-5, WEFT_FOREVER, WEFT_NONE),
             WEFT_E_INVALID_ARGUMENT);
  CHECK_CODE(weft_write(pair[0], NULL, 8, WEFT_FOREVER, WEFT_NONE), WEFT_E_INVALID_ARGUMENT);
  CHECK_CODE(weft_read(listener, buffer, 8, WEFT_FOREVER, WEFT_NONE), WEFT_E_WRONG_KIND);
  CHECK_CODE(weft_recv(listener, buffer, 8, WEFT_FOREVER, WEFT_NONE), WEFT_E_WRONG_KIND);
  CHECK_CODE(weft_send(listener, buffer, 8, WEFT_FOREVER, WEFT_NONE), WEFT_E_WRONG_KIND);
  CHECK_CODE(weft_read(token, buffer, 8, WEFT_FOREVER, WEFT_NONE), WEFT_E_WRONG_KIND);
  CHECK_CODE(weft_accept(pair[0], WEFT_FOREVER, WEFT_NONE), WEFT_E_WRONG_KIND);
  CHECK_CODE(weft_bind(pair[0], ":0"), WEFT_E_WRONG_KIND);
  CHECK_CODE(weft_connect(listener, ":0", WEFT_FOREVER, WEFT_NONE), WEFT_E_WRONG_KIND);
  CHECK_CODE(weft_send_to(listener, "", 0, ":1", WEFT_FOREVER, WEFT_NONE), WEFT_E_WRONG_KIND);
  CHECK_CODE(weft_token_cancel(listener), WEFT_E_WRONG_KIND);
  CHECK_CODE(weft_fiber_join(listener, NULL, WEFT_FOREVER, WEFT_NONE), WEFT_E_WRONG_KIND);
  CHECK_CODE(weft_token_create(-7), WEFT_E_INVALID_ARGUMENT);
  CHECK_CODE(weft_close(0), WEFT_E_STALE_HANDLE);
  CHECK_CODE(weft_close(-1), WEFT_E_STALE_HANDLE);
  CHECK_CODE(weft_close(INT64_MAX), WEFT_E_STALE_HANDLE);
  CHECK_CODE(weft_kind(INT64_MIN), WEFT_E_STALE_HANDLE);
  CHECK_CODE(weft_tcp_listen(NULL, NULL), WEFT_E_INVALID_ARGUMENT);
  CHECK_CODE(weft_tcp_listen("127.0.0.1", NULL), WEFT_E_BAD_ADDRESS);
  CHECK_CODE(weft_tcp_listen("127.0.0.1:99999", NULL), WEFT_E_BAD_ADDRESS);
  CHECK_CODE(weft_tcp_listen("127.0.0.1:0", &options), WEFT_E_UNKNOWN_OPTION);
  memset(endless, 'x', sizeof endless - 1);
  CHECK_CODE(weft_tcp_connect(endless, WEFT_FOREVER, WEFT_NONE), WEFT_E_INVALID_ARGUMENT);
  CHECK_CODE(weft_tcp_connect("127.0.0.1:1", WEFT_FOREVER, WEFT_NONE), WEFT_E_CONNECTION_REFUSED);
  CHECK(weft_last_system_error() != 0);
  CHECK(weft_last_error_text(text, sizeof text) > 0 && strstr(text, "127.0.0.1:1") != NULL);
  CHECK_CODE(weft_last_error_text(NULL, 1), WEFT_E_INVALID_ARGUMENT);
  CHECK_CODE(weft_unix_connect("/nowhere/at/all", WEFT_FOREVER, WEFT_NONE),
             has_unix_sockets ? WEFT_E_NO_SUCH_FILE : WEFT_E_NOT_SUPPORTED);
  CHECK_CODE(weft_local_address(listener, NULL, 4), WEFT_E_INVALID_ARGUMENT);
  CHECK(weft_local_address(listener, NULL, 0) > 10);
  CHECK(weft_local_address(listener, text, 4) > 10 && strcmp(text, "127") == 0);
  CHECK(weft_resolve("127.0.0.1:80", text, sizeof text, WEFT_FOREVER, WEFT_NONE) == 12);
  CHECK(strcmp(text, "127.0.0.1:80") == 0);
  CHECK_CODE(weft_resolve(NULL, text, sizeof text, WEFT_FOREVER, WEFT_NONE),
             WEFT_E_INVALID_ARGUMENT);
  CHECK_CODE(weft_close(listener), WEFT_OK);
  CHECK_CODE(weft_close(listener), WEFT_E_STALE_HANDLE);
}

static void test_texts(void) {
  int code;
  int known = 0;
  CHECK_CODE(weft_c_version(), WEFT_C_VERSION);
  CHECK(strlen(weft_version_text()) >= 5);
  CHECK(strcmp(weft_error_name(WEFT_E_TIMED_OUT), "WEFT_E_TIMED_OUT") == 0);
  CHECK(strcmp(weft_error_name(7), "WEFT_OK") == 0);
  for (code = -1; code > -100; --code) {
    CHECK(strlen(weft_error_text(code)) > 0);
    known += weft_error_name(code)[0] == 'W';
  }
  CHECK_CODE(known, 38);
}

int main(void) {
  int round;
  for (round = 0; round < 2; ++round) { /* the library starts again after it was stopped */
    test_before_start();
    test_backends();
    test_options();
    test_wrong_arguments();
    test_texts();
    CHECK_CODE(weft_stop(), WEFT_OK);
  }
  return failures;
}
