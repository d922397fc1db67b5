/* A program in C outside the project: it compiles, links and runs. */
#include <stdio.h>

#include <weft/ffi/weft.h>

static int64_t answer(void* unused) {
  (void)unused;
  return 42;
}

int main(void) {
  int64_t result = 0;
  weft_handle fiber;
  if (weft_start(NULL) < 0) {
    return 1;
  }
  fiber = weft_spawn(answer, NULL, NULL);
  if (weft_fiber_join(fiber, &result, WEFT_FOREVER, WEFT_NONE) < 0) {
    return 2;
  }
  printf("%s says %d\n", weft_version_text(), (int)result);
  return weft_stop() == WEFT_OK && result == 42 ? 0 : 3;
}
