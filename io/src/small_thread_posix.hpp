#pragma once

#include <pthread.h>

namespace weft::detail::sys {

/// Starts a thread that has a small stack and that no signal interrupts. 0, or the error number.
int start_small_thread(pthread_t& made, void* (*run)(void*), void* given) noexcept;

}  // namespace weft::detail::sys
