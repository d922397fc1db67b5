/* weft_select(): the first of several, in fibers and on threads. */
#include <string.h>

#include "check.h"

static weft_select_arm receive_from(weft_handle channel) {
  weft_select_arm arm = {.operation = WEFT_SELECT_RECEIVE, .what = channel};
  return arm;
}
static weft_select_arm send_to(weft_handle channel, void* value) {
  weft_select_arm arm = {.operation = WEFT_SELECT_SEND, .what = channel, .value = value};
  return arm;
}
static weft_select_arm wait_for(weft_handle event_or_fiber) {
  weft_select_arm arm = {.operation = WEFT_SELECT_WAIT, .what = event_or_fiber};
  return arm;
}
static weft_select_arm after(int64_t time) {
  weft_select_arm arm = {.operation = WEFT_SELECT_TIME, .time = time};
  return arm;
}
static weft_select_arm otherwise(void) {
  weft_select_arm arm = {.operation = WEFT_SELECT_DEFAULT};
  return arm;
}

static int64_t forty_two(void* unused) {
  (void)unused;
  return 42;
}

static int64_t check_each_operation(void* unused) {
  int one = 1;
  int two = 2;
  const weft_handle full = weft_channel_create(1);
  const weft_handle empty = weft_channel_create(1);
  const weft_handle event = weft_event_create(1);
  weft_select_arm arms[5];
  (void)unused;
  CHECK_CODE(weft_channel_send(full, &one, 0, WEFT_NONE), WEFT_OK);

  arms[0] = receive_from(empty);
  arms[1] = send_to(full, &two);
  arms[2] = wait_for(event);
  CHECK_CODE(weft_select(arms, 3, 0, WEFT_NONE), WEFT_E_WOULD_BLOCK);
  CHECK_CODE(weft_select(arms, 3, 2 * WEFT_MILLISECOND, WEFT_NONE), WEFT_E_TIMED_OUT);
  arms[3] = after(WEFT_MILLISECOND);
  arms[4] = after(3600 * WEFT_SECOND);
  CHECK_CODE(weft_select(arms, 5, WEFT_FOREVER, WEFT_NONE), 3);
  CHECK_CODE(weft_select(arms, 5, 0, WEFT_NONE), WEFT_E_WOULD_BLOCK);
  arms[4] = otherwise();
  CHECK_CODE(weft_select(arms, 5, WEFT_FOREVER, WEFT_NONE), 4);

  CHECK_CODE(weft_event_set(event), WEFT_OK);
  arms[2].result = -99;
  CHECK_CODE(weft_select(arms, 5, WEFT_FOREVER, WEFT_NONE), 2);
  CHECK_CODE(arms[2].result, WEFT_OK);
  CHECK_CODE(weft_select(arms, 5, WEFT_FOREVER, WEFT_NONE), 4); /* it was taken */

  arms[0] = receive_from(full);
  arms[1] = receive_from(empty);
  CHECK_CODE(weft_select(arms, 2, WEFT_FOREVER, WEFT_NONE), 0);
  CHECK_CODE(arms[0].result, WEFT_OK);
  CHECK(arms[0].value == &one);
  arms[0] = send_to(full, &two);
  CHECK_CODE(weft_select(arms, 2, WEFT_FOREVER, WEFT_NONE), 0);
  CHECK_CODE(weft_channel_size(full), 1);

  CHECK_CODE(weft_channel_close(empty), WEFT_OK);
  arms[1].value = &one;
  CHECK_CODE(weft_select(arms, 2, WEFT_FOREVER, WEFT_NONE), 1);
  CHECK_CODE(arms[1].result, WEFT_E_CLOSED);
  CHECK(arms[1].value == &one);
  weft_close(full);
  weft_close(empty);
  weft_close(event);
  return 0;
}

static int64_t check_fibers(void* unused) {
  int64_t result = 0;
  const weft_handle never = weft_channel_create(0);
  const weft_handle fiber = weft_spawn(forty_two, NULL, NULL);
  weft_select_arm arms[2];
  (void)unused;
  arms[0] = receive_from(never);
  arms[1] = wait_for(fiber);
  CHECK_CODE(weft_select(arms, 2, WEFT_FOREVER, WEFT_NONE), 1);
  CHECK_CODE(arms[1].result, WEFT_OK);
  CHECK_CODE(weft_fiber_join(fiber, &result, 0, WEFT_NONE), WEFT_OK);
  CHECK_CODE(result, 42);
  weft_close(never);
  return 0;
}

/* Later than anyone waits for it, also on a busy machine: a wait that begins after it is another
   case. */
static int64_t close_soon(void* handle) {
  weft_sleep(20 * WEFT_MILLISECOND, WEFT_NONE);
  return weft_close(*(weft_handle*)handle);
}
static int64_t cancel_soon(void* token) {
  weft_sleep(2 * WEFT_MILLISECOND, WEFT_NONE);
  return weft_token_cancel(*(weft_handle*)token);
}

static int64_t check_ends(void* unused) {
  weft_handle channel = weft_channel_create(0);
  weft_handle event = weft_event_create(0);
  weft_handle token = weft_token_create(WEFT_FOREVER);
  weft_select_arm arms[2];
  weft_handle other;
  (void)unused;
  arms[0] = receive_from(channel);
  arms[1] = wait_for(event);
  other = weft_spawn(cancel_soon, &token, NULL);
  CHECK_CODE(weft_select(arms, 2, WEFT_FOREVER, token), WEFT_E_CANCELED);
  CHECK_CODE(weft_select(arms, 2, WEFT_FOREVER, token), WEFT_E_CANCELED);
  CHECK_CODE(weft_fiber_join(other, NULL, WEFT_FOREVER, WEFT_NONE), WEFT_OK);
  weft_close(token);
  token = weft_token_create(2 * WEFT_MILLISECOND);
  CHECK_CODE(weft_select(arms, 2, WEFT_FOREVER, token), WEFT_E_TIMED_OUT);
  weft_close(token);

  other = weft_spawn(close_soon, &event, NULL);
  CHECK_CODE(weft_select(arms, 2, WEFT_FOREVER, WEFT_NONE), 1);
  CHECK_CODE(arms[1].result, WEFT_E_CLOSED);
  CHECK_CODE(weft_fiber_join(other, NULL, WEFT_FOREVER, WEFT_NONE), WEFT_OK);
  CHECK_CODE(weft_select(arms, 2, WEFT_FOREVER, WEFT_NONE), WEFT_E_STALE_HANDLE);
  other = weft_spawn(close_soon, &channel, NULL);
  CHECK_CODE(weft_select(arms, 1, WEFT_FOREVER, WEFT_NONE), 0);
  CHECK_CODE(arms[0].result, WEFT_E_CLOSED);
  CHECK_CODE(weft_fiber_join(other, NULL, WEFT_FOREVER, WEFT_NONE), WEFT_OK);
  return 0;
}

static int64_t join_oneself(void* channel) {
  void* self = NULL;
  weft_select_arm arm;
  weft_channel_receive(*(weft_handle*)channel, &self, WEFT_FOREVER, WEFT_NONE);
  arm = wait_for(*(weft_handle*)self);
  return weft_select(&arm, 1, WEFT_FOREVER, WEFT_NONE);
}

static void check_refusals(void) {
  int64_t result = 0;
  weft_handle channel = weft_channel_create(1);
  weft_handle fiber;
  weft_select_arm arms[2];
  arms[0] = receive_from(channel);
  CHECK_CODE(weft_select(NULL, 1, WEFT_FOREVER, WEFT_NONE), WEFT_E_INVALID_ARGUMENT);
  CHECK_CODE(weft_select(arms, 0, WEFT_FOREVER, WEFT_NONE), WEFT_E_INVALID_ARGUMENT);
  CHECK_CODE(weft_select(arms, 1025, WEFT_FOREVER, WEFT_NONE), WEFT_E_INVALID_ARGUMENT);
  CHECK_CODE(weft_select(arms, 1, -2, WEFT_NONE), WEFT_E_INVALID_ARGUMENT);
  CHECK_CODE(weft_select(arms, 1, WEFT_FOREVER, channel), WEFT_E_WRONG_KIND);
  arms[1] = after(-1);
  CHECK_CODE(weft_select(arms, 2, WEFT_FOREVER, WEFT_NONE), WEFT_E_INVALID_ARGUMENT);
  arms[1] = wait_for(channel);
  CHECK_CODE(weft_select(arms, 2, WEFT_FOREVER, WEFT_NONE), WEFT_E_WRONG_KIND);
  arms[1] = wait_for(4711);
  CHECK_CODE(weft_select(arms, 2, WEFT_FOREVER, WEFT_NONE), WEFT_E_STALE_HANDLE);
  arms[1].operation = 77;
  CHECK_CODE(weft_select(arms, 2, WEFT_FOREVER, WEFT_NONE), WEFT_E_INVALID_ARGUMENT);
  arms[0] = arms[1] = otherwise();
  CHECK_CODE(weft_select(arms, 2, WEFT_FOREVER, WEFT_NONE), WEFT_E_INVALID_ARGUMENT);
  fiber = weft_spawn(join_oneself, &channel, NULL);
  CHECK_CODE(weft_channel_send(channel, &fiber, WEFT_FOREVER, WEFT_NONE), WEFT_OK);
  CHECK_CODE(weft_fiber_join(fiber, &result, WEFT_FOREVER, WEFT_NONE), WEFT_OK);
  CHECK_CODE(result, WEFT_E_WOULD_DEADLOCK);
  weft_close(channel);
}

/* Many senders and receivers that select over many channels: each pointer arrives once. */
enum { channels = 20, workers = 8, each = 500 };

static weft_handle crossing[channels];
static char sent_things[workers * each];

static void fill(weft_select_arm* arms, int32_t operation, void* value) {
  int i;
  memset(arms, 0, channels * sizeof *arms);
  for (i = 0; i < channels; ++i) {
    arms[i].operation = operation;
    arms[i].what = crossing[i];
    arms[i].value = value;
  }
}

static int64_t send_each(void* first) {
  weft_select_arm arms[channels];
  int i;
  for (i = 0; i < each; ++i) {
    fill(arms, WEFT_SELECT_SEND, (char*)first + i);
    if (weft_select(arms, channels, WEFT_FOREVER, WEFT_NONE) < 0) {
      return -1;
    }
  }
  return each;
}

static int64_t receive_each(void* unused) {
  weft_select_arm arms[channels];
  int i;
  (void)unused;
  for (i = 0; i < each; ++i) {
    int64_t place;
    fill(arms, WEFT_SELECT_RECEIVE, NULL);
    place = weft_select(arms, channels, WEFT_FOREVER, WEFT_NONE);
    if (place < 0 || arms[place].result != WEFT_OK) {
      return -1;
    }
    ++*(char*)arms[place].value; /* nobody else has it */
  }
  return each;
}

static void check_crossing(void) {
  weft_handle fibers[2 * workers - 2];
  int64_t result = 0;
  int i;
  for (i = 0; i < channels; ++i) {
    crossing[i] = weft_channel_create((size_t)(i % 3));
  }
  for (i = 0; i + 1 < workers; ++i) {
    fibers[2 * i] = weft_spawn(send_each, sent_things + i * each, NULL);
    fibers[2 * i + 1] = weft_spawn(receive_each, NULL, NULL);
  }
  /* The last pair: a fiber that sends and this thread, which receives. */
  weft_close(weft_spawn(send_each, sent_things + (workers - 1) * each, NULL));
  CHECK_CODE(receive_each(NULL), each);
  for (i = 0; i < 2 * workers - 2; ++i) {
    CHECK_CODE(weft_fiber_join(fibers[i], &result, WEFT_FOREVER, WEFT_NONE), WEFT_OK);
    CHECK_CODE(result, each);
  }
  for (i = 0; i < workers * each; ++i) {
    if (sent_things[i] != 1) {
      CHECK_CODE(sent_things[i], 1);
    }
  }
  for (i = 0; i < channels; ++i) {
    CHECK_CODE(weft_close(crossing[i]), WEFT_OK);
  }
}

static void everywhere(weft_function test) {
  const weft_handle fiber = weft_spawn(test, NULL, NULL);
  CHECK_CODE(weft_fiber_join(fiber, NULL, WEFT_FOREVER, WEFT_NONE), WEFT_OK);
  test(NULL);
}

int main(void) {
  weft_start_options options = {.size = sizeof options, .workers = 2};
  CHECK_CODE(weft_start(&options), WEFT_OK);
  everywhere(check_each_operation);
  everywhere(check_fibers);
  everywhere(check_ends);
  check_refusals();
  check_crossing();
  CHECK_CODE(weft_stop(), WEFT_OK);
  return failures;
}
