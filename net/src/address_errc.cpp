#include <string>

#include <weft/net/address_errc.hpp>

namespace weft {
namespace {

const char* sentence(address_errc code) noexcept {
  switch (code) {
    case address_errc::empty:
      return "empty address: write host:port, as in 127.0.0.1:80";
    case address_errc::missing_port:
      return "missing port: write host:port, as in 127.0.0.1:80 or [::1]:80";
    case address_errc::bad_port:
      return "bad port: write a number from 0 to 65535 after the last colon, as in 127.0.0.1:80";
    case address_errc::port_out_of_range:
      return "port out of range: the highest is 65535";
    case address_errc::bad_address:
      return "bad address: write four numbers up to 255, as in 127.0.0.1, or an IPv6 address, as "
             "in "
             "::1";
    case address_errc::host_name:
      return "a host name where a numeric address is wanted: look it up with resolve(), or write "
             "an "
             "address, as in 127.0.0.1";
    case address_errc::missing_brackets:
      return "IPv6 address without brackets: write [address]:port, as in [::1]:80";
    case address_errc::bad_brackets:
      return "misplaced brackets: they hold an IPv6 address and precede the port, as in [::1]:80";
    case address_errc::bad_scope:
      return "bad scope: an interface name or index may follow an IPv6 address, as in fe80::1%eth0 "
             "or fe80::1%2";
    case address_errc::unknown_interface:
      return "no such network interface after the % of the address";
  }
  return "unknown address error";
}

class category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "weft.address"; }

  std::string message(int code) const override { return sentence(address_errc{code}); }

  std::error_condition default_error_condition(int code) const noexcept override {
    return address_errc{code} == address_errc::unknown_interface ? std::errc::no_such_device
                                                                 : std::errc::invalid_argument;
  }
};

}  // namespace

const std::error_category& address_category() noexcept {
  static const category instance;
  return instance;
}

}  // namespace weft
