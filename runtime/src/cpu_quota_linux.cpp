#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

#include "cpu_count.hpp"

// /proc/self/cgroup names the group of this process in each hierarchy, /proc/self/mountinfo where
// the hierarchy is mounted and which of its groups the mount shows as its top: in a container often
// the process's own, or one that is not above it at all if the paths belong to different
// namespaces. From the group upwards to the top of the mount every directory may hold a limit; the
// smallest counts. Version 2 keeps "quota period" or "max period" in cpu.max, version 1 two files,
// the quota -1 for none. Both versions may be mounted, and the processor controller be in either.

namespace weft::detail {

namespace {

constexpr double unlimited = std::numeric_limits<double>::infinity();

/// Where a hierarchy with the processor controller can be read.
struct hierarchy {
  bool is_version_2;
  std::string mount_root;
  std::string mount_point;
};

/// The contents of a file; empty if it cannot be read.
std::string read_file(const std::string& path) {
  std::string text;
  if (std::FILE* const file = std::fopen(path.c_str(), "rb")) {
    std::array<char, 4096> buffer;
    while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), file)) {
      text.append(buffer.data(), count);
    }
    std::fclose(file);
  }
  return text;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

bool contains(const std::vector<std::string_view>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

/// 0 if the text does not begin with a positive number.
double positive_number(std::string_view text) noexcept {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && value > 0 ? static_cast<double>(value) : 0;
}

double ratio(double quota, double period) noexcept {
  return quota > 0 && period > 0 ? quota / period : unlimited;
}

double limit_in(const std::string& directory, bool is_version_2) {
  if (is_version_2) {
    const std::string text = read_file(directory + "/cpu.max");
    const std::size_t space = text.find(' ');
    return space == std::string::npos
               ? unlimited
               : ratio(positive_number(text),
                       positive_number(std::string_view(text).substr(space + 1)));
  }
  return ratio(positive_number(read_file(directory + "/cpu.cfs_quota_us")),
               positive_number(read_file(directory + "/cpu.cfs_period_us")));
}

/// mountinfo writes blanks and backslashes in paths as three octal digits.
std::string unescaped(std::string_view text) {
  const auto is_octal = [](char c) { return c >= '0' && c <= '7'; };
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() &&
        std::all_of(&text[i + 1], &text[i + 4], is_octal)) {
      plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                 (text[i + 3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

/// A line reads: id parent device root mount-point options [tags...] - type source super-options.
std::vector<hierarchy> mounted_hierarchies(const std::string& mountinfo) {
  std::vector<hierarchy> found;
  for (const std::string_view line : split(mountinfo, '\n')) {
    const std::vector<std::string_view> words = split(line, ' ');
    const auto dash = std::ranges::find(words, "-");
    if (words.size() < 6 || words.end() - dash < 4) {
      continue;
    }
    const bool is_version_2 = dash[1] == "cgroup2";
    if (is_version_2 || (dash[1] == "cgroup" && contains(split(dash[3], ','), "cpu"))) {
      found.push_back({is_version_2, unescaped(words[3]), unescaped(words[4])});
    }
  }
  return found;
}

/// The process's group in a version; empty if it is in none. A line reads: id:controllers:path.
std::string group_path(const std::string& cgroups, bool is_version_2) {
  for (const std::string_view line : split(cgroups, '\n')) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) {
      continue;
    }
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    const bool matches =
        is_version_2 ? line.starts_with("0::") : contains(split(controllers, ','), "cpu");
    if (matches) {
      return std::string(line.substr(second + 1));
    }
  }
  return {};
}

/// The group's path below the mount point; empty for the mount point itself.
std::string below_mount(std::string_view group, std::string_view mount_root) {
  if (mount_root == "/") {
    mount_root = {};
  }
  if (!group.starts_with(mount_root)) {
    return {};  // a mount of another part of the tree: its top is the nearest there is
  }
  group.remove_prefix(mount_root.size());
  const bool is_path = group.size() > 1 && group.front() == '/' && !group.starts_with("/..");
  return is_path ? std::string(group) : std::string{};
}

double limit_of(const hierarchy& tree, const std::string& cgroups, const std::string& root) {
  const std::string group = group_path(cgroups, tree.is_version_2);
  if (group.empty()) {
    return unlimited;
  }
  const std::string top = root + tree.mount_point;
  std::string directory = top + below_mount(group, tree.mount_root);
  double limit = limit_in(directory, tree.is_version_2);
  while (directory.size() > top.size()) {
    directory.erase(directory.rfind('/'));
    limit = std::min(limit, limit_in(directory, tree.is_version_2));
  }
  return limit;
}

}  // namespace

unsigned quota_cpus(std::string_view root) noexcept {
  try {
    const std::string prefix(root);
    const std::string cgroups = read_file(prefix + "/proc/self/cgroup");
    double limit = unlimited;
    for (const hierarchy& tree : mounted_hierarchies(read_file(prefix + "/proc/self/mountinfo"))) {
      limit = std::min(limit, limit_of(tree, cgroups, prefix));
    }
    constexpr double most = 1'000'000;  // more than any machine has: no limit
    if (limit > most) {
      return 0;
    }
    const auto whole = static_cast<unsigned>(limit);
    return static_cast<double>(whole) < limit ? whole + 1 : whole;
  } catch (...) {
    return 0;  // out of memory: unknown
  }
}

}  // namespace weft::detail
