#pragma once

#include <weft/io/operation.hpp>

namespace weft::io::detail {

/// Makes the operation's system call once, on its target's handle. -EAGAIN: it would have to wait.
/// Not for operations on files.
std::ptrdiff_t execute(operation& op) noexcept;

}  // namespace weft::io::detail
