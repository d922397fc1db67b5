#include "pool_call.hpp"

#include <weft/runtime/explain.hpp>

namespace weft::io::detail {

namespace {

template <class Sentence>
std::unexpected<std::error_code> noted(std::error_code error, Sentence sentence) noexcept {
  try {
    weft::detail::note_error(error, sentence() + ": " + error.message());
  } catch (const std::bad_alloc&) {
    return fail(error);  // which alone has to do
  }
  return fail(error);
}

}  // namespace

std::string text_of(const std::filesystem::path& path) {
  const std::u8string text = path.u8string();
  return {text.begin(), text.end()};
}

std::unexpected<std::error_code> refused(std::string_view attempt, std::string_view path,
                                         std::error_code error) noexcept {
  return noted(error, [&] { return std::string(attempt) + " " + std::string(path); });
}

std::unexpected<std::error_code> refused(std::string_view attempt,
                                         const std::filesystem::path& path,
                                         std::error_code error) noexcept {
  return noted(error, [&] { return std::string(attempt) + " " + text_of(path); });
}

std::unexpected<std::error_code> refused(std::string_view attempt,
                                         const std::filesystem::path& from,
                                         const std::filesystem::path& to,
                                         std::error_code error) noexcept {
  return noted(error,
               [&] { return std::string(attempt) + " " + text_of(from) + " to " + text_of(to); });
}

int number_of(std::error_code said) noexcept {
  if (!said) {
    return 0;
  }
  const std::error_condition meant = said.default_error_condition();
  if (meant.category() != std::generic_category()) {
    return EIO;
  }
  // The library's word for what it has no code for here.
  return meant.value() == ENOSYS ? EOPNOTSUPP : meant.value();
}

}  // namespace weft::io::detail
