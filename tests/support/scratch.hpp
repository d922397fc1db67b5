#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

namespace weft::testing {

/// A directory of the test's own, removed with all that is in it.
class scratch_directory {
 public:
  scratch_directory() {
    std::string made = "/tmp/weft-test-XXXXXX";
    REQUIRE(::mkdtemp(made.data()));
    path_ = made;
  }
  ~scratch_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  scratch_directory(const scratch_directory&) = delete;
  scratch_directory& operator=(const scratch_directory&) = delete;

  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  std::string path_;
};

}  // namespace weft::testing
