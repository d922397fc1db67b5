#pragma once

#include <filesystem>
#include <random>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

namespace weft::testing {

/// A directory of the test's own, removed with all that is in it.
class scratch_directory {
 public:
  scratch_directory() {
    // From the system's randomness: other programs do the same at the same time.
    std::random_device any;
    path_ =
        (std::filesystem::temp_directory_path() / ("weft-test-" + std::to_string(any()))).string();
    REQUIRE(std::filesystem::create_directory(path_));
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
