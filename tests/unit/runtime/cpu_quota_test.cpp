#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <doctest/doctest.h>

#include "cpu_count.hpp"

namespace {

using weft::detail::quota_cpus;

/// A staged root directory, removed at the end.
class staged_root {
 public:
  staged_root() {
    std::string pattern = (std::filesystem::temp_directory_path() / "weft-cpus-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~staged_root() { std::filesystem::remove_all(path_); }
  staged_root(const staged_root&) = delete;
  staged_root& operator=(const staged_root&) = delete;

  staged_root& with(const std::string& file, const std::string& text) {
    const std::string path = path_ + file;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << text;
    return *this;
  }

  unsigned quota() const { return quota_cpus(path_); }

 private:
  std::string path_;
};

constexpr const char* version_2_mount =
    "24 1 0:22 / /proc rw - proc proc rw\n"
    "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";

}  // namespace

TEST_CASE("[row 14] a version 2 quota is rounded up to whole processors") {
  const auto quota_for = [](const char* setting) {
    staged_root root;
    root.with("/proc/self/mountinfo", version_2_mount)
        .with("/proc/self/cgroup", "0::/app.slice/server\n")
        .with("/sys/fs/cgroup/app.slice/server/cpu.max", setting);
    return root.quota();
  };
  CHECK(quota_for("200000 100000\n") == 2);
  CHECK(quota_for("250000 100000\n") == 3);
  CHECK(quota_for("1000 100000\n") == 1);
  CHECK(quota_for("150000 50000") == 3);
  CHECK(quota_for("max 100000\n") == 0);
}

TEST_CASE("[row 14] the smallest quota on the way up counts") {
  staged_root root;
  root.with("/proc/self/mountinfo", version_2_mount)
      .with("/proc/self/cgroup", "0::/a/b/c\n")
      .with("/sys/fs/cgroup/a/b/c/cpu.max", "800000 100000\n")
      .with("/sys/fs/cgroup/a/b/cpu.max", "max 100000\n")
      .with("/sys/fs/cgroup/a/cpu.max", "300000 100000\n")
      .with("/sys/fs/cgroup/a/other/cpu.max", "100000 100000\n");
  CHECK(root.quota() == 3);
  root.with("/sys/fs/cgroup/cpu.max", "150000 100000\n");
  CHECK(root.quota() == 2);
}

TEST_CASE("[row 14] a version 1 quota is found beside other controllers") {
  staged_root root;
  root.with("/proc/self/mountinfo",
            "31 24 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
            "32 24 0:28 / /sys/fs/cgroup/cpu,cpuacct rw shared:5 - cgroup cgroup rw,cpu,cpuacct\n")
      .with("/proc/self/cgroup", "5:memory:/elsewhere\n4:cpuacct,cpu:/docker/abc\n0::/\n")
      .with("/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us", "350000\n")
      .with("/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us", "100000\n")
      .with("/sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_quota_us", "-1\n")
      .with("/sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_period_us", "100000\n");
  CHECK(root.quota() == 4);
}

TEST_CASE("[row 14] in a container the mount's top is the process's own group") {
  staged_root root;
  root.with("/proc/self/mountinfo",
            "32 24 0:28 /docker/abc /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n")
      .with("/proc/self/cgroup", "4:cpu:/docker/abc/child\n")
      .with("/sys/fs/cgroup/cpu/child/cpu.cfs_quota_us", "700000\n")
      .with("/sys/fs/cgroup/cpu/child/cpu.cfs_period_us", "100000\n")
      .with("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "500000\n")
      .with("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  CHECK(root.quota() == 5);
}

TEST_CASE("[row 14] a group outside the mount is looked for at the mount's top") {
  for (const char* group : {"0::/../sibling\n", "0::/host/other\n", "0::/\n"}) {
    CAPTURE(group);
    staged_root root;
    root.with("/proc/self/mountinfo",
              "30 24 0:26 /host/here /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")
        .with("/proc/self/cgroup", group)
        .with("/sys/fs/cgroup/cpu.max", "400000 100000\n");
    CHECK(root.quota() == 4);
  }
}

TEST_CASE("[row 14] a mount point with a blank in its name is understood") {
  staged_root root;
  root.with("/proc/self/mountinfo", "30 24 0:26 / /odd\\040place rw - cgroup2 cgroup2 rw\n")
      .with("/proc/self/cgroup", "0::/\n")
      .with("/odd place/cpu.max", "600000 100000\n");
  CHECK(root.quota() == 6);
}

TEST_CASE("[row 14] without control groups, or with files that make no sense, there is no limit") {
  staged_root root;
  CHECK(root.quota() == 0);
  root.with("/proc/self/cgroup", "nonsense\n::::\n0::\n\n")
      .with("/proc/self/mountinfo", "- - -\n30 24 0:26 / /sys/fs/cgroup\n\n x\n");
  CHECK(root.quota() == 0);
  root.with("/proc/self/mountinfo", version_2_mount).with("/proc/self/cgroup", "0::/a\n");
  for (const char* setting : {"", " ", "max", "-5 100000", "100000 0", "99999999999999999999 1",
                              "9000000000000000000 1", "abc def"}) {
    CAPTURE(setting);
    root.with("/sys/fs/cgroup/a/cpu.max", setting);
    CHECK(root.quota() == 0);
  }
}
