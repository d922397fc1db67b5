#include <weft/runtime/detail/parker.hpp>
#include <weft/runtime/explain.hpp>

#include "fiber.hpp"
#include "fiber_locals.hpp"
#include "thread_parker.hpp"

namespace weft {

std::string explain(std::error_code error) {
  const detail::parker& self = detail::current_parker();
  const detail::fiber_extras* extras = self.is_fiber()
                                           ? static_cast<const detail::fiber&>(self).extras
                                           : static_cast<const detail::thread_parker&>(self).extras;
  return extras && !extras->note.empty() && extras->noted_error == error ? extras->note
                                                                         : error.message();
}

void detail::note_error(std::error_code error, std::string_view what) {
  fiber_extras& extras = extras_here();
  extras.noted_error = error;
  extras.note = what;
}

}  // namespace weft
