#include <weft/runtime/explain.hpp>

#include "fiber.hpp"
#include "thread_parker.hpp"

namespace weft {

namespace {

detail::fiber_extras*& extras_here() noexcept {
  detail::parker& self = detail::current_parker();
  return self.is_fiber() ? static_cast<detail::fiber&>(self).extras
                         : static_cast<detail::thread_parker&>(self).extras;
}

}  // namespace

std::string explain(std::error_code error) {
  const detail::fiber_extras* extras = extras_here();
  return extras && !extras->note.empty() && extras->noted_error == error ? extras->note
                                                                         : error.message();
}

void detail::note_error(std::error_code error, std::string_view what) {
  fiber_extras*& extras = extras_here();
  if (!extras) {
    extras = new fiber_extras;
  }
  extras->noted_error = error;
  extras->note = what;
}

}  // namespace weft
