#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace echo_load {

/// An endless stream of known bytes, any place of which can be sent or compared without building
/// it.
///
/// The period is a prime, so a shift by a whole number of messages of a usual size is seen; streams
/// that begin at different places tell bytes that reached the wrong connection.
class pattern {
 public:
  /// The most bytes that may be used from one place.
  static constexpr std::size_t chunk = std::size_t{64} * 1024;

  pattern() : bytes_(period + chunk) {
    std::uint32_t state = 1;
    for (std::size_t i = 0; i < bytes_.size(); ++i) {
      state = state * 1664525U + 1013904223U;
      bytes_[i] = i < period ? static_cast<unsigned char>(state >> 24U) : bytes_[i - period];
    }
  }

  [[nodiscard]] const unsigned char* at(std::uint64_t place) const noexcept {
    return &bytes_[place % period];
  }

  [[nodiscard]] bool matches(std::uint64_t place, const unsigned char* data,
                             std::size_t size) const noexcept {
    return std::memcmp(at(place), data, size) == 0;
  }

 private:
  static constexpr std::size_t period = 4093;
  std::vector<unsigned char> bytes_;
};

}  // namespace echo_load
