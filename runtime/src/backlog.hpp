#pragma once

#include <cstdint>
#include <vector>

namespace weft::detail {

/// What a worker knows of its peers: who has had more than it could do for a while.
///
/// To rob a worker sooner is a loss. A fiber that waits for less is served by its worker before it
/// is warm in another's cache, and a connection that has moved keeps two processors busy, each
/// asleep half of the time, where one would do.
class backlog {
 public:
  static constexpr std::int64_t patience_ns = 200'000;

  void start(unsigned workers) { seen_.resize(workers); }

  /// Whether a peer's ring, which has been found empty `drains` times by now, was found empty at
  /// no time between two looks that lie so far apart.
  bool is_behind(unsigned peer, std::uint32_t drains, std::int64_t now) noexcept {
    sighting& first = seen_[peer];
    if (first.drains != drains) {
      first = {.drains = drains, .at = now};
    }
    return now - first.at >= patience_ns;
  }

 private:
  /// The first look that found this count.
  struct sighting {
    std::uint32_t drains = 0;
    std::int64_t at = 0;
  };

  std::vector<sighting> seen_;
};

}  // namespace weft::detail
