#ifndef WEFT_TESTS_FFI_C_LOADING_H
#define WEFT_TESTS_FFI_C_LOADING_H

/* A library that is loaded by name. One header per system. */
#include <windows.h>

typedef HMODULE loaded_library;
typedef void (*loaded_function)(void);

static inline loaded_library load_library(const char* path) {
  return LoadLibraryA(path);
}
static inline loaded_function find_function(loaded_library library, const char* name) {
  return (loaded_function)GetProcAddress(library, name);
}
static inline void unload_library(loaded_library library) {
  FreeLibrary(library);
}

#endif
