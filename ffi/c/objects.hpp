#pragma once

#include <memory>
#include <utility>

#include "errors.hpp"
#include "handle_table.hpp"
#include "library.hpp"

namespace weft::c {

/// Makes an object and its handle, if the library is running. Throws std::bad_alloc.
template <class T, class... Args>
weft_handle opened(Args&&... args) {
  const running here;
  if (!here) {
    return misused(WEFT_E_NOT_STARTED);
  }
  const weft_handle made = handles::open(std::make_unique<T>(std::forward<Args>(args)...));
  return made < 0 ? misused(static_cast<int>(made)) : made;
}

}  // namespace weft::c
