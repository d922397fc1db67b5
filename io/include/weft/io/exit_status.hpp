#pragma once

#include <optional>
#include <string>

#include <weft/runtime/config.hpp>

namespace weft::io {

/// How a process ended: by itself, with a code, or by a signal.
class WEFT_API exit_status {
 public:
  static constexpr exit_status exited(int code) noexcept { return {code, false, false}; }
  static constexpr exit_status killed(int signal, bool dumped_core = false) noexcept {
    return {signal, true, dumped_core};
  }

  /// Whether it ended by itself, with the code 0.
  constexpr bool is_success() const noexcept { return !by_signal_ && number_ == 0; }
  /// The exit code; none when a signal ended it.
  constexpr std::optional<int> code() const noexcept {
    return by_signal_ ? std::nullopt : std::optional(number_);
  }
  /// The signal that ended it.
  constexpr std::optional<int> signal() const noexcept {
    return by_signal_ ? std::optional(number_) : std::nullopt;
  }
  constexpr bool dumped_core() const noexcept { return dumped_core_; }

  /// "exit code 1", "signal 9".
  std::string to_string() const;

  friend constexpr bool operator==(const exit_status&, const exit_status&) noexcept = default;

 private:
  constexpr exit_status(int number, bool by_signal, bool dumped_core) noexcept
      : number_(number), by_signal_(by_signal), dumped_core_(dumped_core) {}

  int number_;
  bool by_signal_;
  bool dumped_core_;
};

}  // namespace weft::io
