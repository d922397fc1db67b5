#include <ctime>

#include <weft/runtime/boot_clock.hpp>

namespace weft {

boot_clock::time_point boot_clock::now() noexcept {
#if defined(CLOCK_BOOTTIME)
  constexpr clockid_t id = CLOCK_BOOTTIME;
#else
  constexpr clockid_t id = CLOCK_MONOTONIC;
#endif
  timespec now{};
  ::clock_gettime(id, &now);
  return time_point(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

}  // namespace weft
