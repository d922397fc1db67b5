#include "backtrace.hpp"

namespace weft::detail {

void prepare_backtrace() noexcept {}

void write_backtrace(int) noexcept {}

}  // namespace weft::detail
