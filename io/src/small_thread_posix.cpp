#include "small_thread_posix.hpp"

#include <csignal>

namespace weft::detail::sys {

int start_small_thread(pthread_t& made, void* (*run)(void*), void* given) noexcept {
  pthread_attr_t small;
  ::pthread_attr_init(&small);
  ::pthread_attr_setstacksize(&small, 256 * 1024);
  sigset_t all;
  sigset_t own;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &own);
  const int failed = ::pthread_create(&made, &small, run, given);
  ::pthread_sigmask(SIG_SETMASK, &own, nullptr);
  ::pthread_attr_destroy(&small);
  return failed;
}

}  // namespace weft::detail::sys
