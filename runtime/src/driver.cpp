#include <weft/runtime/driver.hpp>

namespace weft {

driver::~driver() = default;

void driver::assist() noexcept {}

const void* driver::family() const noexcept {
  return nullptr;
}

}  // namespace weft
