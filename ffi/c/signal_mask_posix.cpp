#include <initializer_list>

#include <pthread.h>

#include "signal_mask.hpp"

namespace weft::c {

signals_blocked::signals_blocked() noexcept {
  sigset_t all;
  sigfillset(&all);
  for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS, SIGPROF}) {
    sigdelset(&all, own);
  }
  pthread_sigmask(SIG_SETMASK, &all, &before_);
}

signals_blocked::~signals_blocked() {
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

}  // namespace weft::c
