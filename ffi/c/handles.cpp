#include <weft/ffi/weft.h>

#include "errors.hpp"
#include "handle_table.hpp"

using namespace weft::c;

extern "C" {

int weft_kind(weft_handle any) noexcept {
  const auto found = handles::find(any);
  return found ? found->kind() : misused(WEFT_E_STALE_HANDLE);
}

int weft_close(weft_handle any) noexcept {
  return handles::close(any) ? WEFT_OK : misused(WEFT_E_STALE_HANDLE);
}
}
