#include <algorithm>
#include <charconv>
#include <ostream>

#include <weft/net/ip_address.hpp>

#include "interface_name.hpp"

namespace weft {
namespace {

// "::ffff:255.255.255.255" is shorter than eight groups of four.
static_assert(ip_address::text_capacity >= 8 * 4 + 7 + 1 + detail::interface_name_capacity);

/// Appends to a buffer that is known to suffice.
class text_writer {
 public:
  explicit text_writer(std::span<char> buffer) noexcept
      : begin_(buffer.data()), at_(begin_), end_(begin_ + buffer.size()) {}

  void put(std::string_view text) noexcept { at_ = std::ranges::copy(text, at_).out; }
  void put(unsigned number, int base) noexcept { at_ = std::to_chars(at_, end_, number, base).ptr; }
  std::string_view written() const noexcept { return {begin_, at_}; }

 private:
  char* begin_;
  char* at_;
  char* end_;
};

void put_v4(text_writer& out, std::span<const std::uint8_t> octets) noexcept {
  for (std::size_t i = 0; i < 4; ++i) {
    out.put(i == 0 ? "" : ".");
    out.put(octets[i], 10);
  }
}

using v6_groups = std::array<unsigned, 8>;

v6_groups groups_of(std::span<const std::uint8_t> octets) noexcept {
  v6_groups groups;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    groups[i] = static_cast<unsigned>(octets[2 * i] << 8 | octets[2 * i + 1]);
  }
  return groups;
}

struct zero_run {
  std::size_t begin = 8;
  std::size_t length = 0;
};

/// The groups that `::` stands for: the longest run of zeros, the first of equals, not one alone.
zero_run longest_zero_run(const v6_groups& groups) noexcept {
  zero_run longest;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    std::size_t end = i;
    while (end < groups.size() && groups[end] == 0) {
      ++end;
    }
    if (end - i > std::max<std::size_t>(longest.length, 1)) {
      longest = {i, end - i};
    }
    i = end;
  }
  return longest;
}

void put_v6(text_writer& out, std::span<const std::uint8_t> octets) noexcept {
  const v6_groups groups = groups_of(octets);
  const zero_run gap = longest_zero_run(groups);
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (i == gap.begin) {
      out.put("::");
      i += gap.length - 1;
      continue;
    }
    out.put(i == 0 || i == gap.begin + gap.length ? "" : ":");
    out.put(groups[i], 16);
  }
}

void put_scope(text_writer& out, std::uint32_t scope_id) noexcept {
  std::array<char, detail::interface_name_capacity> buffer;
  const std::string_view name = detail::interface_name(scope_id, buffer);
  out.put("%");
  // A name of digits only would be read back as an index.
  if (name.find_first_not_of("0123456789") == std::string_view::npos) {
    out.put(scope_id, 10);
  } else {
    out.put(name);
  }
}

}  // namespace

std::string_view ip_address::format_to(std::span<char, text_capacity> buffer) const noexcept {
  text_writer out(buffer);
  if (is_v4()) {
    put_v4(out, octets());
  } else if (is_v4_mapped()) {
    out.put("::ffff:");
    put_v4(out, octets().last(4));
  } else {
    put_v6(out, octets());
  }
  if (scope_id_ != 0) {
    put_scope(out, scope_id_);
  }
  return out.written();
}

std::string ip_address::to_string() const {
  std::array<char, text_capacity> buffer;
  return std::string(format_to(buffer));
}

std::ostream& operator<<(std::ostream& out, const ip_address& address) {
  std::array<char, ip_address::text_capacity> buffer;
  return out << address.format_to(buffer);
}

}  // namespace weft
