#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

/// The memory that reads go to. A buffer serves one system call, so a read that waits has none; it
/// is recycled at once when the VM copied what it held, or by a finalizer when it was handed over.
namespace weft::dart {

/// A buffer for one read of limits::read_size bytes, or of a size that fits what was read.
class read_buffer {
 public:
  /// Null: out of memory. Any thread.
  static read_buffer* take(std::size_t size) noexcept;
  /// Any thread, finalizers included: takes no lock that is held while the VM is called.
  void recycle() noexcept;

  std::byte* data() noexcept { return reinterpret_cast<std::byte*>(this) + header; }
  std::size_t capacity() const noexcept { return capacity_; }
  std::span<std::byte> first(std::size_t count) noexcept { return {data(), count}; }

  /// The VM has taken it: finalize() will be called.
  static void note_lent() noexcept;
  /// recycle(), in the form that the VM calls.
  static void finalize(void* isolate_data, void* peer) noexcept;
  /// How many the VM has.
  static std::int64_t lent() noexcept;

 private:
  friend class buffer_pool;
  static constexpr std::size_t header = 64;  // keeps the bytes on cache lines of their own

  explicit read_buffer(std::size_t capacity) noexcept : capacity_(capacity) {}

  std::size_t capacity_;
  read_buffer* next_ = nullptr;
};

}  // namespace weft::dart
