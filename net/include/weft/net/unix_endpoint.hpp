#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <span>
#include <string>
#include <string_view>
#include <version>

#ifdef __cpp_lib_format
#include <format>
#endif

#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

namespace weft {

/// Where a Unix socket is: a path in the file system, an abstract name (Linux), or nowhere.
///
/// Ordered: nowhere, then paths, then abstract names, each by bytes. Default-constructed: nowhere.
///
/// Threads: a plain value.
/// Cost: 112 bytes, no allocation.
class unix_endpoint {
 public:
  /// The bytes that a path or a name may have: 107, because Linux keeps them in 108, one of which
  /// ends or begins them; the BSDs and macOS take 103.
  static constexpr std::size_t most_bytes = 107;
  /// Room that suffices for the text of any endpoint.
  static constexpr std::size_t text_capacity = most_bytes + 2;

  constexpr unix_endpoint() noexcept = default;

  /// A path in the file system, relative ones to the working directory of the moment. One that
  /// begins with `@` is kept as `./@`, to tell it from a name.
  ///
  /// Errors: `filename_too_long`; `invalid_argument` when it is empty or holds a zero byte.
  ///   explain() says what to do.
  WEFT_API static result<unix_endpoint> path(std::string_view path) noexcept;
  /// A name that is no file, vanishes with its socket, and knows no permissions: Linux only. Any
  /// bytes, none of them special.
  ///
  /// Errors: as path(); an empty name is `invalid_argument`; elsewhere `operation_not_supported`.
  WEFT_API static result<unix_endpoint> abstract(std::string_view name) noexcept;
  /// Reads `/run/app.sock` as a path and `@app` as an abstract name.
  WEFT_API static result<unix_endpoint> parse(std::string_view text) noexcept;

  /// From the system's form, a `sockaddr_un` of `size` bytes, at any alignment.
  ///
  /// Errors: `std::errc::address_family_not_supported` for other families,
  ///   `std::errc::invalid_argument` for a size that cannot be. native_unix_endpoint is the way
  ///   there.
  WEFT_API static result<unix_endpoint> from_native(const void* data, std::size_t size) noexcept;

  /// Of a socket that was never bound.
  constexpr bool is_unnamed() const noexcept { return kind_ == kind::unnamed; }
  constexpr bool is_path() const noexcept { return kind_ == kind::path; }
  constexpr bool is_abstract() const noexcept { return kind_ == kind::abstract; }

  /// The path, or the name without the `@`; empty when unnamed.
  constexpr std::string_view name() const& noexcept { return {bytes_.data(), size_}; }
  void name() const&& = delete;  // it would be gone with the temporary

  /// The text that parse() reads back: `/run/app.sock`, `@app`; empty when unnamed.
  WEFT_API std::string to_string() const;
  /// The same without allocation: writes into the buffer and returns the part written.
  WEFT_API std::string_view format_to(std::span<char, text_capacity> buffer) const noexcept;

  friend constexpr bool operator==(const unix_endpoint& a, const unix_endpoint& b) noexcept {
    return a.kind_ == b.kind_ && a.name() == b.name();
  }
  friend constexpr std::strong_ordering operator<=>(const unix_endpoint& a,
                                                    const unix_endpoint& b) noexcept {
    const auto by_kind = a.kind_ <=> b.kind_;
    return by_kind != 0 ? by_kind : a.name() <=> b.name();
  }

 private:
  enum class kind : std::uint8_t { unnamed, path, abstract };

  static result<unix_endpoint> make(kind what, std::string_view name) noexcept;

  kind kind_ = kind::unnamed;
  std::uint8_t size_ = 0;
  std::array<char, most_bytes + 1> bytes_{};
};

WEFT_API std::ostream& operator<<(std::ostream& out, const unix_endpoint& value);

}  // namespace weft

template <>
struct std::hash<weft::unix_endpoint> {
  WEFT_API std::size_t operator()(const weft::unix_endpoint& value) const noexcept;
};

#ifdef __cpp_lib_format
/// Takes the format specifications of strings: `std::format("{:<24}", peer)`.
template <>
struct std::formatter<weft::unix_endpoint> : std::formatter<std::string_view> {
  template <class Context>
  auto format(const weft::unix_endpoint& value, Context& context) const {
    std::array<char, weft::unix_endpoint::text_capacity> buffer;
    return std::formatter<std::string_view>::format(value.format_to(buffer), context);
  }
};
#endif
