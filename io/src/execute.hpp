#pragma once

#include <weft/io/operation.hpp>

namespace weft::io::detail {

/// Makes the operation's system call once, on its target's handle. -EAGAIN: it would have to wait.
std::ptrdiff_t execute(operation& op) noexcept;

/// The same for an operation on a file: waits for the device.
std::ptrdiff_t execute_on_file(operation& op) noexcept;

}  // namespace weft::io::detail
