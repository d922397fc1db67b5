#include <weft/runtime/sleep.hpp>

#include "errors.hpp"
#include "fiber_object.hpp"

namespace weft::c {

int call_at(time_point next, duration period, weft_function function, void* argument,
            std::int64_t& result) {
  for (;;) {
    if (const auto slept = sleep_until(next); !slept) {
      return code_of(slept.error());
    }
    result = function(argument);
    if (period == duration::zero() || result != 0) {
      return WEFT_OK;
    }
    const time_point now = clock::now();
    const auto passed = now < next ? 0 : (now - next) / period;
    const auto ahead = passed + 1;
    next = ahead > (forever - next) / period ? forever : next + ahead * period;
  }
}

}  // namespace weft::c
