#include <weft/runtime/boot_clock.hpp>

namespace weft {

boot_clock::time_point boot_clock::now() noexcept {
  // The performance counter behind it goes on while the machine sleeps.
  return time_point(std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace weft
