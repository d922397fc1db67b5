#include <string>

#include <weft/runtime/errc.hpp>
#include <weft/runtime/result.hpp>

namespace weft {

namespace {

class category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "weft"; }

  std::string message(int code) const override {
    switch (static_cast<errc>(code)) {
      case errc::end_of_stream:
        return "end of stream";
      case errc::timed_out:
        return "timed out";
      case errc::operation_canceled:
        return "operation canceled";
      case errc::closed:
        return "closed";
      case errc::would_deadlock:
        return "the call would wait for itself";
      case errc::shutting_down:
        return "the runtime is shutting down";
      case errc::broken_promise:
        return "the promise was dropped before it was kept";
      case errc::lagged:
        return "the subscriber was too slow and has missed values";
    }
    return "unknown weft error " + std::to_string(code);
  }

  std::error_condition default_error_condition(int code) const noexcept override {
    switch (static_cast<errc>(code)) {
      case errc::timed_out:
        return std::errc::timed_out;
      case errc::operation_canceled:
      case errc::shutting_down:
        return std::errc::operation_canceled;
      case errc::closed:
        return std::errc::bad_file_descriptor;
      case errc::would_deadlock:
        return std::errc::resource_deadlock_would_occur;
      case errc::end_of_stream:
      case errc::broken_promise:
      case errc::lagged:
        break;
    }
    return {code, *this};
  }
};

}  // namespace

const std::error_category& weft_category() noexcept {
  static const category instance;
  return instance;
}

}  // namespace weft
