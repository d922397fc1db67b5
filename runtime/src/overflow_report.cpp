#include "overflow_report.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>

namespace weft::detail {

namespace {

constinit std::atomic<describe_current> describer{nullptr};

}  // namespace

void set_fiber_describer(describe_current describe) noexcept {
  // Release pairs with the acquire in describe_running().
  describer.store(describe, std::memory_order_release);
}

bool describe_running(fiber_brief& fiber) noexcept {
  const describe_current ask = describer.load(std::memory_order_acquire);
  return ask != nullptr && ask(fiber);
}

report_line& report_line::operator<<(std::string_view text) noexcept {
  const std::size_t count = std::min(text.size(), text_.size() - length_);
  std::memcpy(text_.data() + length_, text.data(), count);
  length_ += count;
  return *this;
}

report_line& report_line::operator<<(std::uint64_t number) noexcept {
  std::array<char, 20> digits;
  std::size_t first = digits.size();
  do {
    digits[--first] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  return *this << std::string_view(digits.data() + first, digits.size() - first);
}

report_line overflow_report(const guard_hit& hit) noexcept {
  fiber_brief fiber;
  report_line text;
  text << "weft: ";
  if (!describe_running(fiber)) {
    text << "the guard page of a " << hit.size / 1024
         << " KiB fiber stack was touched outside of any fiber: a stray pointer?\n";
    return text;
  }
  text << "fiber " << fiber.id;
  if (fiber.name != nullptr && *fiber.name != '\0') {
    text << " \"" << fiber.name << "\"";
  }
  if (fiber.bottom == hit.bottom) {
    text << " overflowed its " << hit.size / 1024 << " KiB stack";
  } else {
    text << " touched the guard page of another fiber's stack";
  }
  if (fiber.file != nullptr) {
    text << "; spawned at " << fiber.file << ":" << fiber.line;
  }
  text << (fiber.bottom == hit.bottom ? " (give it more with spawn_options::stack_size)\n"
                                      : " (a stray pointer, or a frame of more than a page)\n");
  return text;
}

}  // namespace weft::detail
