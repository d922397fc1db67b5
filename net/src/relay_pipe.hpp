#pragma once

#include <cstddef>

#include <weft/net/stream_socket.hpp>
#include <weft/runtime/result.hpp>

namespace weft::detail {

/// A pipe through which bytes go from one stream to another without being copied.
class relay_pipe {
 public:
  relay_pipe() noexcept = default;
  ~relay_pipe();
  relay_pipe(const relay_pipe&) = delete;
  relay_pipe& operator=(const relay_pipe&) = delete;

  bool is_open() const noexcept { return ends_[0] >= 0; }
  /// Fails where the system has no descriptors left: then the bytes have to be copied.
  result<void> open() noexcept;

  /// Waits for what there is, at least one byte, and takes it into the pipe; 0: the stream has
  /// ended.
  result<std::size_t> fill_from(const stream_socket& from) noexcept;
  /// Writes the `size` bytes that are in the pipe.
  result<void> drain_to(const stream_socket& to, std::size_t size) noexcept;

 private:
  result<std::size_t> copy_to(const stream_socket& to, std::size_t size) const noexcept;

  int ends_[2] = {-1, -1};
};

/// Whether the error means that the system cannot do it on these handles at all.
bool is_unsupported(std::error_code error) noexcept;

}  // namespace weft::detail
