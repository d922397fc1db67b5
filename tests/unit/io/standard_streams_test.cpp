#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <string>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <shared_handles.hpp>
#include <unistd.h>

#include <weft/io/detail/syscalls.hpp>
#include <weft/io/run.hpp>
#include <weft/io/standard_streams.hpp>
#include <weft/runtime/explain.hpp>

#include "support/child.hpp"
#include "support/io_fixture.hpp"
#include "support/raw_handles.hpp"

namespace weft::testing {

namespace {

using io::shared_reader;
using io::shared_writer;
using weft::detail::sys::call;
using weft::detail::sys::fault;
using weft::detail::sys::inject;

fault no_descriptors(call which, int, std::size_t) noexcept {
  return {.error = which == call::duplicate ? EMFILE : 0};
}

}  // namespace

TEST_CASE("[row 121] what cannot be shared is refused, and nothing is left open") {
  in_io([] {
    CHECK(error_of(shared_reader::share(-1)) == std::errc::bad_file_descriptor);
    CHECK(error_of(shared_writer::share(-1)) == std::errc::bad_file_descriptor);
    inject(&no_descriptors);
    CHECK(error_of(io::standard_input()) == std::errc::too_many_files_open);
    const auto refused = io::standard_error();
    inject(nullptr);
    CHECK(explain(error_of(refused)) == "open the standard error: Too many open files");
    const shared_reader nothing;
    CHECK(error_of(read_one(nothing)) == errc::closed);
    const shared_writer nowhere;
    CHECK(error_of(nowhere.write(bytes_of("x"))) == errc::closed);
  });
}

TEST_CASE("child: copies its input to its output" * doctest::skip()) {
  become_plain_program();
  plain_pair ends = blocking_pipe();
  REQUIRE(::dup2(ends.in.get(), STDIN_FILENO) == STDIN_FILENO);
  REQUIRE(type(ends.out.get(), "what it was given\n"));
  ends.out.close();
  ends.in.close();
  const int flags = ::fcntl(STDOUT_FILENO, F_GETFL);
  const int outcome = run_main([&]() -> result<void> {
    auto in = or_throw(io::standard_input());
    auto out = or_throw(io::standard_output());
    or_throw(out.write_all("copied: " + read_all(in)));
    or_throw(or_throw(io::standard_error()).write_all("and done\n"));
    in.close();
    out.close();
    CHECK((raw::is_open(STDIN_FILENO) && raw::is_open(STDOUT_FILENO)));
    CHECK((waits(STDIN_FILENO) && ::fcntl(STDOUT_FILENO, F_GETFL) == flags));
    return {};
  });
  ::close(STDIN_FILENO);
  CHECK(error_of(io::standard_input()) == std::errc::bad_file_descriptor);
  std::exit(outcome);
}

TEST_CASE("[row 121] the standard streams are those that the program was started with") {
  const child_outcome ended = run_child("child: copies its input to its output");
  CHECK_MESSAGE(ended.exited_with(EXIT_SUCCESS), ended.output);
  CHECK_MESSAGE(ended.says("copied: what it was given\n"), ended.output);
  CHECK_MESSAGE(ended.says("and done\n"), ended.output);
  CHECK_MESSAGE(!ended.says("ERROR"), ended.output);
}

}  // namespace weft::testing
