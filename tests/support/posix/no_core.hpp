#pragma once

#include <sys/resource.h>

/// One header per system.
namespace weft::testing {

/// For programs that are to crash: nothing is left of them, and nobody is asked.
inline void leave_no_core() {
  const rlimit none{.rlim_cur = 0, .rlim_max = 0};
  setrlimit(RLIMIT_CORE, &none);
}

}  // namespace weft::testing
