#include "marker_guard.hpp"

namespace weft::detail {

bool has_marker_guards() noexcept {
  return false;
}

bool install_marker_guard(std::byte*) noexcept {
  return false;
}

std::size_t mapping_limit() noexcept {
  return no_mapping_limit;
}

}  // namespace weft::detail
