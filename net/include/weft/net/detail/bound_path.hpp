#pragma once

#include <atomic>
#include <cstdint>

#include <weft/net/unix_endpoint.hpp>
#include <weft/runtime/config.hpp>

namespace weft::detail {

/// The file of a Unix socket that was bound to a path: removed with its owner, unless another file
/// has taken its place. remove() may come from several threads at once; moving needs the object to
/// oneself.
class WEFT_API bound_path {
 public:
  bound_path() noexcept = default;
  /// Notes which file is there now. Of an address that is no path there is none.
  explicit bound_path(const unix_endpoint& where) noexcept;
  bound_path(bound_path&& other) noexcept { *this = std::move(other); }
  bound_path& operator=(bound_path&& other) noexcept;
  ~bound_path() { remove(); }

  void remove() noexcept;
  /// Leaves the file where it is.
  void forget() noexcept { is_there_.store(false, std::memory_order_relaxed); }

 private:
  unix_endpoint where_;
  std::uint64_t device_ = 0;
  std::uint64_t file_ = 0;
  std::atomic<bool> is_there_{false};  // relaxed: only one remover may win, and it needs no more
};

}  // namespace weft::detail
