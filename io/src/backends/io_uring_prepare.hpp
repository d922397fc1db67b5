#pragma once

#include <cstddef>
#include <cstdint>

#include <weft/io/detail/syscalls.hpp>
#include <weft/io/operation.hpp>

struct io_uring_sqe;

/// How operations look to the ring.
namespace weft::io {

/// Fills an entry; everything but its user_data.
void prepare(io_uring_sqe& entry, const operation& op) noexcept;

/// The operation's result, given its completion's.
std::ptrdiff_t result_of(operation& op, std::int32_t completed) noexcept;

weft::detail::sys::call injected_as(opcode code) noexcept;

/// An operation's name in the ring: where it is, and a number, so that a cancellation that comes
/// late does not hit the next operation at the same address.
std::uint64_t make_tag(const operation& op, std::uint16_t number) noexcept;
operation& operation_of(std::uint64_t tag) noexcept;

}  // namespace weft::io
