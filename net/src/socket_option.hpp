#pragma once

#include <weft/io/descriptor.hpp>
#include <weft/runtime/result.hpp>

/// Reading and setting the options of sockets. An option that the system lacks is
/// `operation_not_supported`, whether it was unknown when this was compiled or is where it runs.
namespace weft::detail {

/// The numbers under which the system knows an option.
struct option_name {
  int level;
  int name;  ///< negative: this system has none
};

result<void> set_option(const io::descriptor& socket, option_name option, const void* value,
                        unsigned size) noexcept;
result<void> ask_option(const io::descriptor& socket, option_name option, void* value,
                        unsigned& size) noexcept;

/// Options whose value is a struct of the system's.
template <class Value>
result<void> set_value(const io::descriptor& socket, option_name option,
                       const Value& value) noexcept {
  return set_option(socket, option, &value, sizeof value);
}

result<void> set_number(const io::descriptor& socket, option_name option, int value) noexcept;
result<int> number(const io::descriptor& socket, option_name option) noexcept;

inline result<bool> is_on(const io::descriptor& socket, option_name option) noexcept {
  const auto value = number(socket, option);
  return value ? result<bool>(*value != 0) : fail(value.error());
}

/// What set_number() would fail with on this system whatever the value; nothing if it has the
/// option.
result<void> needs_option(const io::descriptor& socket, option_name option) noexcept;

}  // namespace weft::detail
