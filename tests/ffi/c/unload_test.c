/* A program that loads the library by name and gives it up while its threads run, as interpreters
 * do: unload_test <library>. The library stays. */
#include <loading.h>
#include <stdio.h>

#include <weft/ffi/weft.h>

int main(int argc, char** argv) {
  loaded_library library;
  int (*start)(const weft_start_options*);
  int (*stop)(void);
  int stopped;
  if (argc != 2 || !(library = load_library(argv[1]))) {
    fprintf(stderr, "no library was loaded\n");
    return 1;
  }
  start = (int (*)(const weft_start_options*))find_function(library, "weft_start");
  stop = (int (*)(void))find_function(library, "weft_stop");
  if (!start || !stop || start(NULL) != WEFT_OK) {
    fprintf(stderr, "the library was not started\n");
    return 1;
  }
  unload_library(library);
  stopped = stop();
  if (stopped != WEFT_OK) {
    fprintf(stderr, "weft_stop() is %d\n", stopped);
  }
  return stopped;
}
