#include "history.hpp"

#include <utility>

namespace weft::explore {

namespace {

std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept {
  std::uint64_t x = (a ^ (b + 0x9e3779b97f4a7c15U + (a << 6) + (a >> 2))) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 30)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

}  // namespace

void history::begin() noexcept {
  ++run_;
  state_ = 0;
}

void history::add(std::uint8_t thread, std::uint64_t& own) noexcept {
  own = mix(mix(thread, own), 1);
  state_ += mix(own, 2);
}

void history::add(std::uint8_t thread, std::uint64_t& own, location& where, access what,
                  bool alone) {
  own = mix(mix(mix(thread, own), where.written), static_cast<std::uint64_t>(what) + 3);
  if (what == access::load) {
    where.reads += mix(own, 7);
  } else {
    own = mix(own, where.reads);
    where.reads = 0;
    where.written = own;
    ++where.version;
  }
  state_ += mix(own, 2);
  if (!alone) {
    const bool was_shared = where.is_shared();
    auto& users = what == access::load ? where.readers : where.writers;
    users = static_cast<std::uint8_t>(users | 1U << thread);
    learnt_ = learnt_ || (!was_shared && where.is_shared());
  }
}

history::location& history::at(const void* address) {
  const auto key = reinterpret_cast<std::uintptr_t>(address);
  const std::size_t mask = table_.size() - 1;
  for (std::size_t i = key * 0x9e3779b97f4a7c15U >> 40;; ++i) {
    location& one = table_[i & mask];
    if (one.at == 0) {
      if (2 * ++used_ > table_.size()) {
        std::vector<location> full =
            std::exchange(table_, std::vector<location>(2 * table_.size()));
        used_ = 0;
        for (const location& old : full) {
          if (old.at != 0) {
            at(reinterpret_cast<const void*>(old.at)) = old;
          }
        }
        return at(address);
      }
      one.at = key;
    } else if (one.at != key) {
      continue;
    }
    if (one.run != run_) {
      one.run = run_;
      one.written = one.reads = 0;
      one.version = 0;
    }
    return one;
  }
}

bool history::has_learnt() noexcept {
  return std::exchange(learnt_, false);
}

}  // namespace weft::explore
