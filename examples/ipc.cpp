// A parent and a child talk over a pair of Unix sockets: the child answers questions, and the
// parent hands it a file to write into.
//
//   ipc

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weft/io/run.hpp>
#include <weft/net/unix.hpp>
#include <weft/runtime/blocking.hpp>

constexpr int childs_end = 3;

weft::result<std::string> read_line(const weft::unix_stream& from) {
  std::string line;
  for (std::array<std::byte, 1> one;;) {
    if (auto read = from.read_exact(one); !read) {
      return weft::fail(read.error());
    }
    if (static_cast<char>(one[0]) == '\n') {
      return line;
    }
    line += static_cast<char>(one[0]);
  }
}

weft::result<void> be_child() {
  auto end = weft::io::descriptor::adopt(childs_end);
  if (!end) {
    return weft::fail(end.error());
  }
  const auto parent = weft::unix_stream::from(std::move(*end));
  auto question = read_line(parent);
  if (!question) {
    return weft::fail(question.error());
  }
  if (auto sent = parent.write_all(std::string("you said: ").append(*question).append("\n"));
      !sent) {
    return sent;
  }
  std::array<std::byte, 16> note;
  std::array<weft::owned_handle, 1> file;
  auto got = parent.receive_handles(note, file);
  if (!got) {
    return weft::fail(got.error());
  }
  if (got->handles == 1) {
    constexpr std::string_view text = "written by the child into the parent's file\n";
    (void)!::write(file[0].native_handle(), text.data(), text.size());
  }
  return parent.write_all("done\n");
}

weft::result<pid_t> start_child(const char* program, const weft::unix_stream& end) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, end.descriptor().native_handle(), childs_end);
  std::string name = program;
  std::string role = "child";
  std::array<char*, 3> arguments{name.data(), role.data(), nullptr};
  pid_t child = 0;
  const int failed =
      ::posix_spawn(&child, "/proc/self/exe", &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) {
    return weft::fail(std::error_code(failed, std::system_category()));
  }
  return child;
}

weft::result<void> converse(const weft::unix_stream& child, std::FILE* file) {
  if (auto sent = child.write_all("hello, child\n"); !sent) {
    return sent;
  }
  auto answer = read_line(child);
  if (!answer) {
    return weft::fail(answer.error());
  }
  std::printf("the child answers: %s\n", answer->c_str());
  const std::array handles{::fileno(file)};
  constexpr std::string_view note = "for you";
  if (auto sent = child.send_handles(std::as_bytes(std::span(note)), handles); !sent) {
    return weft::fail(sent.error());
  }
  auto done = read_line(child);
  return done ? weft::result<void>() : weft::fail(done.error());
}

weft::result<void> be_parent(const char* program) {
  auto ends = weft::unix_stream::pair();
  if (!ends) {
    return weft::fail(ends.error());
  }
  auto child = start_child(program, ends->second);
  if (!child) {
    return weft::fail(child.error());
  }
  ends->second.close();  // so that the end of the child is the end of the stream
  std::FILE* const file = std::tmpfile();
  if (!file) {
    return weft::fail(std::make_error_code(std::errc::io_error));
  }
  auto talked = converse(ends->first, file);
  ends->first.close();
  auto status = weft::blocking([&] {
    int value = -1;
    ::waitpid(*child, &value, 0);
    return value;
  });
  std::array<char, 128> line{};
  if (talked && std::fseek(file, 0, SEEK_SET) == 0 && std::fgets(line.data(), line.size(), file)) {
    std::printf("the file says: %s", line.data());
  }
  std::fclose(file);
  if (talked && status) {
    std::printf("the child ended with status %d\n", WEXITSTATUS(*status));
  }
  return talked;
}

int main(int argc, char** argv) {
  const bool is_child = argc > 1 && std::string_view(argv[1]) == "child";
  return weft::run_main([&] { return is_child ? be_child() : be_parent(argv[0]); });
}
