#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <system_error>

#include "cancel_everywhere.hpp"

/// What cancellations at every suspension of sockets' calls share.
namespace weft::testing {

inline constexpr std::size_t message_size = 400 * 1000;  // more than the buffers hold

inline const std::string& message() {
  static const std::string made = [] {
    std::string text(message_size, '\0');
    for (std::size_t i = 0; i < text.size(); ++i) {
      text[i] = static_cast<char>(i * 31 >> 4);
    }
    return text;
  }();
  return made;
}

/// What has arrived of the message: its beginning, with nothing missing or twice.
class arrived {
 public:
  void add(std::span<const std::byte> bytes) {
    text_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    CHECK(message().compare(0, text_.size(), text_) == 0);
  }
  /// All of it, when the stream has ended without anyone being cancelled.
  bool is_whole() const { return text_.size() == message_size; }

 private:
  std::string text_;
};

class socket_scenario : public scenario {
 protected:
  /// An error that is nobody's cancellation but the victim's own.
  void tolerate(std::error_code error) {
    CHECK((is_victim() || error != errc::operation_canceled));
  }
  template <class T>
  bool went_well(const result<T>& outcome) {
    if (!outcome) {
      tolerate(outcome.error());
    }
    return outcome.has_value();
  }
};

template <class Scenario>
void check_that_nothing_stays_open() {
  const int before = open_descriptors();
  check_cancel_everywhere<Scenario>();
  CHECK(open_descriptors() == before);
}

}  // namespace weft::testing
