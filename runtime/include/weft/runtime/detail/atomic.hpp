#pragma once

#include <atomic>

#if defined(WEFT_EXPLORE)
#include <explore/atomic.hpp>
#endif

namespace weft::detail {

/// std::atomic, by the name that lets tests/explore put one in its place of which each access is a
/// scheduling point. For every atomic that a lock-free or waiting algorithm depends on; mere
/// statistics need not take part.
#if defined(WEFT_EXPLORE)
template <class T>
using atomic = explore::atomic<T>;
#else
template <class T>
using atomic = std::atomic<T>;
#endif

}  // namespace weft::detail
