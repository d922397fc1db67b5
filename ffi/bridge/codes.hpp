#pragma once

#include <cstdint>

/// What the tcp_* functions return, and post, when something failed. The numbers are the interface.
namespace weft::dart::code {

inline constexpr std::int64_t ok = 0;
inline constexpr std::int64_t invalid_handle = -1;
inline constexpr std::int64_t invalid_address = -2;
inline constexpr std::int64_t connect_failed = -3;
inline constexpr std::int64_t bind_failed = -4;
inline constexpr std::int64_t listen_failed = -5;
inline constexpr std::int64_t accept_failed = -6;
inline constexpr std::int64_t read_failed = -7;
inline constexpr std::int64_t write_failed = -8;
inline constexpr std::int64_t closed = -9;
inline constexpr std::int64_t option_failed = -10;
inline constexpr std::int64_t not_initialized = -11;
inline constexpr std::int64_t out_of_memory = -12;  ///< or a limit was reached
inline constexpr std::int64_t invalid_argument = -13;
inline constexpr std::int64_t canceled = -14;  ///< only where weft_cancel() was called

/// The code, and above it what the system said (an errno, negative or not): what owners get that
/// have asked for it by weft_explain(); the others get the code alone, see plain().
constexpr std::int64_t explained(std::int64_t code, std::int64_t error) noexcept {
  return code - ((error < 0 ? -error : error) << 8);
}

constexpr std::int64_t plain(std::int64_t result) noexcept {
  return result < 0 ? -(-result & 0xFF) : result;
}

}  // namespace weft::dart::code
