#include "fatal.hpp"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>

namespace weft::detail {

void fatal(const char* format, ...) noexcept {
  std::va_list arguments;
  va_start(arguments, format);
  std::fputs("weft: ", stderr);
  std::vfprintf(stderr, format, arguments);
  std::fputc('\n', stderr);
  va_end(arguments);
  std::abort();
}

}  // namespace weft::detail
