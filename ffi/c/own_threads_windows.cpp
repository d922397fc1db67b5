#include <windows.h>

#include "own_threads.hpp"

/// The system has threads of its own for what would be signals elsewhere. But it unloads a DLL
/// that nobody holds.
namespace weft::c {

void start_own_threads(const std::function<void()>& start) {
  HMODULE self = nullptr;
  ::GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS,
                       reinterpret_cast<LPCWSTR>(&start_own_threads), &self);
  start();
}

}  // namespace weft::c
