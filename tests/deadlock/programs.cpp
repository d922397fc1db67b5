#include "programs.hpp"

#include <cstdio>
#include <cstring>

#include <no_core.hpp>

using namespace weft::testing;

/// Not a doctest program: its watchdog would be a thread of which weft knows nothing.
int main(int count, char** arguments) {
  leave_no_core();
  for (const auto& programs : {lock_deadlocks(), wait_deadlocks(), live_programs()}) {
    for (const deadlock_program& p : programs) {
      if (count == 2 && p.name == arguments[1]) {
        p.run();
        return 0;
      }
    }
  }
  std::fputs("usage: deadlock.programs <name>\n", stderr);
  return 2;
}
