#pragma once

#include <spawn.h>

#include "syscalls_process.hpp"

/// What the systems of POSIX do not have in common with processes.
namespace weft::detail::sys {

/// As the system's calls about what a child does first: 0, or the error number.
int add_directory(posix_spawn_file_actions_t& actions, const char* path) noexcept;

/// A watch for a child that has ended: 0, or minus the error number.
int watch_nothing(child& which) noexcept;

}  // namespace weft::detail::sys
