#pragma once

#include <windows.h>

/// One header per system.
namespace weft::testing {

/// For programs that are to crash: nothing is left of them, and nobody is asked.
inline void leave_no_core() {
  SetErrorMode(SEM_NOGPFAULTERRORBOX | SEM_FAILCRITICALERRORS);
}

}  // namespace weft::testing
