#include <atomic>
#include <cerrno>
#include <cstddef>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include <weft/io/atomic_file.hpp>
#include <weft/io/copy_file.hpp>
#include <weft/io/file_contents.hpp>

#include "file_faults.hpp"
#include "support/file_fixture.hpp"
#include "support/scratch.hpp"

/// The system misbehaves while files are replaced, renamed and copied.
namespace weft::testing {

namespace {

using names = std::set<std::string>;

/// Ends a scope when the kernel is asked to copy, and lets it copy a part.
class cancelling_calls {
 public:
  cancelling_calls(cancel_scope& scope, std::size_t most) {
    to_end = &scope;
    limit = most;
    detail::sys::inject(&answer);
  }
  ~cancelling_calls() { detail::sys::inject(nullptr); }
  cancelling_calls(const cancelling_calls&) = delete;
  cancelling_calls& operator=(const cancelling_calls&) = delete;

 private:
  static detail::sys::fault answer(call made, int, std::size_t) noexcept {
    if (made != call::copy_range) {
      return {};
    }
    to_end.load()->cancel();
    return {.limit = limit};
  }

  static inline std::atomic<cancel_scope*> to_end{nullptr};
  static inline std::atomic<std::size_t> limit{0};
};

/// The kernel does not copy, and one kind of call that is needed instead fails.
class failing_by_hand {
 public:
  failing_by_hand(call kind, int number) {
    which = kind;
    error = number;
    detail::sys::inject(&answer);
  }
  ~failing_by_hand() { detail::sys::inject(nullptr); }
  failing_by_hand(const failing_by_hand&) = delete;
  failing_by_hand& operator=(const failing_by_hand&) = delete;

 private:
  static detail::sys::fault answer(call made, int, std::size_t) noexcept {
    if (made == call::copy_range) {
      return {.error = ENOSYS};
    }
    return {.error = made == which ? error.load() : 0};
  }

  static inline std::atomic<call> which{};
  static inline std::atomic<int> error{0};
};

/// The kernel copies so many bytes at a time.
class short_copies {
 public:
  explicit short_copies(std::size_t most) {
    limit = most;
    detail::sys::inject(&answer);
  }
  ~short_copies() { detail::sys::inject(nullptr); }
  short_copies(const short_copies&) = delete;
  short_copies& operator=(const short_copies&) = delete;

 private:
  static detail::sys::fault answer(call made, int, std::size_t) noexcept {
    return {.limit = made == call::copy_range ? limit.load() : SIZE_MAX};
  }

  static inline std::atomic<std::size_t> limit{0};
};

}  // namespace

TEST_CASE("whatever fails on the way, the old file stays and nothing else does [row 120]") {
  const scratch_directory here;
  const std::string path = here / "kept";
  in_io([&] {
    for (const call which : {call::file_status, call::open_file, call::set_permissions, call::write,
                             call::sync_file, call::rename}) {
      or_throw(io::write_file(path, "old"));
      for (const int number : {EIO, EACCES, ENOSPC}) {
        std::error_code error;
        {
          const failing_calls system(which, number);
          error = error_of(io::replace_file(path, "new"));
          CHECK(system.calls() >= 1);
        }
        CHECK_MESSAGE(is_errno(error, number), error.message(), " for ", number);
        CHECK(or_throw(io::read_file(path)) == "old");
        CHECK(names_in(here / "") == names{"kept"});
      }
      const failing_calls system(which, EINTR, 3);
      or_throw(io::replace_file(path, "new"));
      CHECK(or_throw(io::read_file(path)) == "new");
    }
  });
}

TEST_CASE("a name that another took in the meantime is not used [row 120]") {
  const scratch_directory here;
  in_io([&] {
    const failing_calls system(call::open_file, EEXIST, 3);
    or_throw(io::replace_file(here / "file", "text", {.durable = false}));
    CHECK(system.calls() == 4);
    CHECK(names_in(here / "") == names{"file"});
  });
}

TEST_CASE(
    "each error of renaming is what the system said, and a commit can be repeated [row 120]") {
  const scratch_directory here;
  in_io([&] {
    or_throw(io::write_file(here / "a", "text"));
    expect_errors(
        call::rename,
        {EACCES, EBUSY, EDQUOT, EIO, ELOOP, EMLINK, ENOSPC, ENOTEMPTY, EPERM, EROFS, EXDEV}, [&] {
          const auto error = error_of(io::rename(here / "a", here / "b"));
          if (!error) {
            or_throw(io::rename(here / "b", here / "a"));
          }
          return error;
        });
    auto file = or_throw(io::atomic_file::create(here / "a"));
    or_throw(file.contents().write_all("new"));
    {
      const failing_calls system(call::rename, EBUSY);
      CHECK(is_errno(error_of(file.commit()), EBUSY));
    }
    or_throw(file.commit());
    CHECK(or_throw(io::read_file(here / "a")) == "new");
    CHECK(names_in(here / "") == names{"a"});
  });
}

TEST_CASE("where the kernel does not copy, in whole or in part, it is done by hand [row 119]") {
  const scratch_directory here;
  in_io([&] {
    const std::string text(700'000, 'x');
    or_throw(io::write_file(here / "from", text));
    const io::copy_file_options over{.existing = io::existing_file::replace};
    for (const int number : {ENOSYS, EXDEV, EINVAL, EOPNOTSUPP, EPERM, EIO}) {
      const failing_calls system(call::copy_range, number);
      CHECK(io::copy_file(here / "from", here / "to", over) == text.size());
    }
    CHECK(or_throw(io::read_file(here / "to")) == text);
    {
      const short_copies system(99'999);
      CHECK(io::copy_file(here / "from", here / "to", over) == text.size());
    }
    CHECK(or_throw(io::read_file(here / "to")) == text);
  });
}

TEST_CASE("a copy that fails or is cancelled half-way leaves nothing [row 119]") {
  const scratch_directory here;
  in_io([&] {
    or_throw(io::write_file(here / "from", std::string(700'000, 'x')));
    for (const call which : {call::read, call::write, call::set_permissions, call::rename}) {
      const failing_by_hand system(which, EIO);
      const auto error = error_of(io::copy_file(here / "from", here / "to"));
      CHECK_MESSAGE(is_errno(error, EIO), error.message());
      CHECK(names_in(here / "") == names{"from"});
    }
    cancel_scope scope;
    const cancelling_calls system(scope, 100'000);
    CHECK(error_of(io::copy_file(here / "from", here / "to")) == errc::operation_canceled);
    CHECK(names_in(here / "") == names{"from"});
  });
}

}  // namespace weft::testing
