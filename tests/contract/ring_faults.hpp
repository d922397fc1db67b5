#pragma once

#include <weft/io/operation.hpp>

/// What the kernel says through a ring. io_uring carries operations out without a system call
/// each, so there is no call to have fail: instead the entry that asks for an operation is made one
/// that does nothing, and its completion is given the error, between the backend and the kernel.
/// The programs' calls to liburing are linked here for that; see CMakeLists.txt.
namespace weft::testing::ring_faults {

/// Whether this program is linked so.
bool available() noexcept;

/// The next `times` operations on this native handle complete with the error.
void fail_completions(int handle, int error, int times) noexcept;
/// The next `times` calls that enter the kernel fail with it and do nothing.
void fail_entering(int error, int times) noexcept;
/// How many did since the last of the above.
int failed() noexcept;
/// Whatever did not fail will not. Returns the same.
int stop() noexcept;

}  // namespace weft::testing::ring_faults
