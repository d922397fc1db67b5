#include "sandbox.hpp"

#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include <sys/mount.h>
#include <unistd.h>

/// What containers take from a program, one thing at a time, each in a process of its own: it
/// starts, says what it runs on, and serves.
namespace weft::testing {

namespace {

namespace fs = std::filesystem;

constexpr int cannot = 77;

/// Prepared by the parent, for the child.
constexpr const char* place = "WEFT_SANDBOX";

fs::path place_given() {
  const char* const given = std::getenv(place);
  REQUIRE(given);
  return given;
}

void write_to(const fs::path& file, std::string_view text) {
  std::ofstream out(file);
  out << text << std::flush;
  if (!out) {
    std::_Exit(cannot);
  }
}

/// A control group that may use one processor's time, where the system lets us make one.
class one_processor_group {
 public:
  one_processor_group() {
    const std::string name = "weft-test-" + std::to_string(::getpid());
    for (const char* above : {"/sys/fs/cgroup", "/sys/fs/cgroup/cpu", "/sys/fs/cgroup/unified"}) {
      const fs::path group = fs::path(above) / name;
      std::error_code error;
      if (!fs::create_directory(group, error)) {
        continue;
      }
      if (limit(group)) {
        path_ = group;
        return;
      }
      fs::remove(group, error);
    }
  }
  ~one_processor_group() {
    std::error_code error;
    if (path_) {
      fs::remove(*path_, error);  // its files go with it
    }
  }
  one_processor_group(const one_processor_group&) = delete;
  one_processor_group& operator=(const one_processor_group&) = delete;

  const std::optional<fs::path>& path() const { return path_; }

 private:
  static bool limit(const fs::path& group) {
    if (fs::exists(group / "cpu.max")) {
      return static_cast<bool>(std::ofstream(group / "cpu.max") << "100000 100000" << std::flush);
    }
    // Opened for reading too: a file that is not there must not be made.
    std::fstream quota(group / "cpu.cfs_quota_us", std::ios::in | std::ios::out);
    std::fstream period(group / "cpu.cfs_period_us", std::ios::in | std::ios::out);
    return (period << "100000" << std::flush) && (quota << "100000" << std::flush);
  }

  std::optional<fs::path> path_;
};

/// Every backend serves in that sandbox, and the automatic choice too; true unless the sandbox
/// cannot be had here, and then it says so.
bool serves_on_each(const char* test_case) {
  for (const char* named : {"", "io_uring", "epoll", "poll"}) {
    const variable backend("WEFT_BACKEND", named);
    if (*named && !io::make_drivers(*io::backend_named(named))) {
      continue;
    }
    const child_outcome ended = run_child(test_case);
    if (ended.exited_with(cannot)) {
      MESSAGE("skipped, not permitted here: ", test_case);
      return false;
    }
    CHECK_MESSAGE(ended.exited_with(EXIT_SUCCESS), ended.output);
    CHECK_MESSAGE(ended.says(("echoed hello on " + std::string(named)).c_str()), ended.output);
  }
  return true;
}

}  // namespace

TEST_CASE("child: runs an echo without locked memory" * doctest::skip()) {
  become_plain_program();
  limit(RLIMIT_MEMLOCK, 0);
  end_as_a_program();
}

TEST_CASE("child: runs an echo with 64 KiB of locked memory" * doctest::skip()) {
  become_plain_program();
  limit(RLIMIT_MEMLOCK, 64 * 1024);
  end_as_a_program();
}

TEST_CASE("child: runs an echo with 64 descriptors" * doctest::skip()) {
  become_plain_program();
  limit(RLIMIT_NOFILE, 64);
  end_as_a_program();
}

TEST_CASE("child: runs an echo in a group with one processor's time" * doctest::skip()) {
  become_plain_program();
  write_to(place_given() / "cgroup.procs", std::to_string(::getpid()));
  end_as_a_program();
}

TEST_CASE("child: runs an echo in a bare read-only root" * doctest::skip()) {
  become_plain_program();
  const std::string root = place_given().string();
  if (::unshare(CLONE_NEWNS) < 0 ||
      ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0 ||
      ::mount("/", root.c_str(), nullptr, MS_BIND, nullptr) < 0 ||
      ::mount(nullptr, root.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) < 0 ||
      ::chroot(root.c_str()) < 0 || ::chdir("/") < 0) {
    std::_Exit(cannot);
  }
  CHECK(::access("/proc/self", F_OK) < 0);
  CHECK(::access("/tmp", W_OK) < 0);
  end_as_a_program();
}

TEST_CASE("a program serves whatever memory it may lock") {
  CHECK(serves_on_each("child: runs an echo without locked memory"));
  CHECK(serves_on_each("child: runs an echo with 64 KiB of locked memory"));
}

TEST_CASE("a program serves with 64 descriptors") {
  CHECK(serves_on_each("child: runs an echo with 64 descriptors"));
}

TEST_CASE("a program in a group with one processor's time has one worker [row 14]") {
  const one_processor_group group;
  if (!group.path()) {
    MESSAGE("skipped: no control group can be made here");
    return;
  }
  const variable given(place, group.path()->c_str());
  const variable workers("WEFT_WORKERS", nullptr);
  const char* const one_processor = "child: runs an echo in a group with one processor's time";
  if (serves_on_each(one_processor)) {
    const child_outcome ended = run_child(one_processor);
    CHECK_MESSAGE(ended.says("by 1 workers"), ended.output);
  }
}

TEST_CASE("a program serves in a read-only root without /proc, /dev and /sys") {
  std::string root = (fs::temp_directory_path() / "weft-sandbox-XXXXXX").string();
  REQUIRE(::mkdtemp(root.data()));
  const variable given(place, root.c_str());
  serves_on_each("child: runs an echo in a bare read-only root");
  fs::remove(root);
}

}  // namespace weft::testing
