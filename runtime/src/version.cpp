#include <weft/runtime/version.hpp>

namespace weft {

version library_version() noexcept {
  return header_version;
}

}  // namespace weft
