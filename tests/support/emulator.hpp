#pragma once

#include <cstdlib>
#include <string_view>

namespace weft::testing {

/// Whether qemu plays the processor. It hands on the calls that it knows, which openat2(),
/// statements of when a datagram came and some others are not among; it has a thread of its own
/// beside the program's, and something to say when a signal ends it.
inline bool under_qemu() {
  const char* const emulator = std::getenv("WEFT_TEST_EMULATOR");
  return emulator && std::string_view(emulator).find("qemu") != std::string_view::npos;
}

}  // namespace weft::testing
