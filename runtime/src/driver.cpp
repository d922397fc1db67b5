#include <weft/runtime/driver.hpp>

namespace weft {

driver::~driver() = default;

void driver::assist() noexcept {}

}  // namespace weft
