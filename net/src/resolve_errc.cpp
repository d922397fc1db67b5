#include <string>
#include <string_view>

#include <weft/net/resolve_errc.hpp>

#include "system_hints.hpp"

namespace weft {
namespace {

std::string_view sentence(resolve_errc code) noexcept {
  switch (code) {
    case resolve_errc::host_not_found:
      return "host not found";
    case resolve_errc::no_address:
      return "the host exists but has no IPv4 or IPv6 address";
    case resolve_errc::no_answer:
      return "the name servers did not answer; try again, or check ";
    case resolve_errc::server_failure:
      return "the name server refused the question; check ";
    case resolve_errc::service_not_found:
      return "service not found: write a port number, or a name from ";
  }
  return "unknown look-up error";
}

/// What ends the sentence.
std::string_view place(resolve_errc code) noexcept {
  switch (code) {
    case resolve_errc::no_answer:
    case resolve_errc::server_failure:
      return detail::hints.name_servers;
    case resolve_errc::service_not_found:
      return detail::hints.service_names;
    default:
      return {};
  }
}

class category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "weft.resolve"; }

  std::string message(int code) const override {
    return std::string(sentence(resolve_errc{code})).append(place(resolve_errc{code}));
  }

  std::error_condition default_error_condition(int code) const noexcept override {
    if (resolve_errc{code} == resolve_errc::no_answer) {
      return std::errc::resource_unavailable_try_again;
    }
    return {code, *this};
  }
};

}  // namespace

const std::error_category& resolve_category() noexcept {
  static const category instance;
  return instance;
}

}  // namespace weft
