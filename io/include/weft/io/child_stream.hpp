#pragma once

#include <cstdint>

namespace weft::io {

/// What a child process has for one of its standard streams.
class child_stream {
 public:
  /// What this process has itself.
  static constexpr child_stream inherit() noexcept { return {kind::inherit, -1}; }
  /// Nothing: reads find the end, writes go nowhere.
  static constexpr child_stream null() noexcept { return {kind::null, -1}; }
  /// A pipe, the other end of which is the io::process's.
  static constexpr child_stream pipe() noexcept { return {kind::pipe, -1}; }
  /// An open file, socket or whatever has such a native handle. It stays the caller's, who keeps it
  /// open until spawn() has returned.
  static constexpr child_stream handle(int native) noexcept { return {kind::handle, native}; }

 private:
  friend class command;
  enum class kind : std::uint8_t { inherit, null, pipe, handle };

  constexpr child_stream(kind what, int native) noexcept : kind_(what), native_(native) {}

  kind kind_;
  int native_;
};

}  // namespace weft::io
