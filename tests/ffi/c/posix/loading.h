#ifndef WEFT_TESTS_FFI_C_LOADING_H
#define WEFT_TESTS_FFI_C_LOADING_H

/* A library that is loaded by name. One header per system. */
#include <dlfcn.h>

typedef void* loaded_library;
typedef void (*loaded_function)(void);

static inline loaded_library load_library(const char* path) {
  return dlopen(path, RTLD_NOW | RTLD_LOCAL);
}
static inline loaded_function find_function(loaded_library library, const char* name) {
  loaded_function found;
  *(void**)(void*)&found = dlsym(library, name);
  return found;
}
static inline void unload_library(loaded_library library) {
  dlclose(library);
}

#endif
