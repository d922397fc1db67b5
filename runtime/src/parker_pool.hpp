#pragma once

#include "thread_parker.hpp"

/// The parkers of threads that have ended wait here for others.
namespace weft::detail {

thread_parker* take_parker();

/// At the end of its thread; destroys what the thread keeps in it.
void give_back_parker(thread_parker& parker) noexcept;

}  // namespace weft::detail
