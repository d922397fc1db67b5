#include <string>

#include <weft/net/resolve_errc.hpp>

namespace weft {
namespace {

const char* sentence(resolve_errc code) noexcept {
  switch (code) {
    case resolve_errc::host_not_found:
      return "host not found";
    case resolve_errc::no_address:
      return "the host exists but has no IPv4 or IPv6 address";
    case resolve_errc::no_answer:
      return "the name servers did not answer; try again, or check /etc/resolv.conf";
    case resolve_errc::server_failure:
      return "the name server refused the question; check /etc/resolv.conf";
    case resolve_errc::service_not_found:
      return "service not found: write a port number, or a name from /etc/services";
  }
  return "unknown look-up error";
}

class category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "weft.resolve"; }

  std::string message(int code) const override { return sentence(resolve_errc{code}); }

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
