#include <windows.h>

#include "fatal.hpp"
#include "parker_pool.hpp"

/// Which parker belongs to which thread. Not by a thread_local: MinGW destroys those when their
/// memory has gone already. The system's slot for each fiber does as well, for only a thread's own
/// stack, itself a fiber in a worker, asks for a thread's parker.
namespace weft::detail {

namespace {

void CALLBACK end_lease(void* parker) {
  if (parker != nullptr) {
    give_back_parker(*static_cast<thread_parker*>(parker));
  }
}

DWORD slot() noexcept {
  static const DWORD allocated = FlsAlloc(&end_lease);
  return allocated;
}

}  // namespace

WEFT_NOINLINE thread_parker& thread_parker::current() noexcept {
  if (void* const mine = FlsGetValue(slot())) {
    return *static_cast<thread_parker*>(mine);
  }
  thread_parker* const taken = take_parker();
  if (!FlsSetValue(slot(), taken)) {
    fatal("a thread cannot wait: Windows has no fiber-local slot left (error %lu)", GetLastError());
  }
  return *taken;
}

}  // namespace weft::detail
