#include <algorithm>
#include <cerrno>
#include <csignal>
#include <memory>
#include <new>
#include <string_view>

#include <weft/io/command.hpp>
#include <weft/io/detail/syscalls.hpp>
#include <weft/io/file_options.hpp>

#include "child_state.hpp"
#include "owned_end.hpp"
#include "pool_call.hpp"
#include "syscalls_pipes.hpp"
#include "syscalls_process.hpp"

namespace weft::io {

namespace {

namespace sys = weft::detail::sys;
using detail::owned_end;

constexpr int usual_capacity = 64 * 1024;

bool has_zero(std::string_view text) noexcept {
  return text.find('\0') != text.npos;
}

/// As the system takes them: they live as long as the texts, which are the caller's.
std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> all;
  all.reserve(texts.size() + 1);
  for (std::string& text : texts) {
    all.push_back(text.data());
  }
  all.push_back(nullptr);
  return all;
}

/// Above the numbers of the standard streams, where the child puts them one after another.
result<owned_end> above_streams(owned_end end) noexcept {
  constexpr int last_stream = 2;
  if (end.get() > last_stream) {
    return end;
  }
  const int moved = sys::duplicate(end.get());
  return moved < 0 ? fail(sys::error_of(moved)) : result<owned_end>(owned_end(moved));
}

result<owned_end> open_null() noexcept {
  sys::file_modes unused;
  const int null = sys::open_file("/dev/null", {.access = file_access::read_write}, unused);
  return null < 0 ? fail(sys::error_of(null)) : above_streams(owned_end(null));
}

/// The environment with the changes made to it, a "name=value" each.
std::vector<std::string> changed_environment(
    bool inherits, const std::vector<std::pair<std::string, std::optional<std::string>>>& changes) {
  std::vector<std::string> all;
  if (inherits) {
    for (char** variable = sys::environment(); variable && *variable; ++variable) {
      all.emplace_back(*variable);
    }
  }
  for (const auto& [name, value] : changes) {
    const std::string start = name + '=';
    std::erase_if(all, [&](const std::string& known) { return known.starts_with(start); });
    if (value) {
      all.push_back(start + *value);
    }
  }
  return all;
}

/// Starts it and opens its watch; a child that cannot be watched is none.
int start(const sys::child_start& what, sys::child& started) noexcept {
  const int number = sys::start_child(what);
  if (number < 0) {
    return number;
  }
  started.number = number;
  const int error = sys::watch_child(started);
  if (error < 0) {
    sys::destroy_child(started);
  }
  return error;
}

}  // namespace

/// The child's ends of its streams, and ours of those that are pipes.
struct command::child_ends {
  std::array<owned_end, 3> child;
  std::array<owned_end, 3> ours;

  result<void> add(std::size_t stream, child_stream what) noexcept {
    result<owned_end> made;
    switch (what.kind_) {
      case child_stream::kind::inherit:
        return {};
      case child_stream::kind::null:
        made = open_null();
        break;
      case child_stream::kind::pipe:
        made = add_pipe(stream);
        break;
      case child_stream::kind::handle: {
        const int own = sys::duplicate(what.native_);
        made = own < 0 ? fail(sys::error_of(own)) : result<owned_end>(owned_end(own));
        break;
      }
    }
    if (!made) {
      return fail(made.error());
    }
    child[stream] = std::move(*made);
    return {};
  }

  /// The process that was started with these. Without the memory for it it is ended.
  result<process> take(const sys::child& started, bool kills_on_drop) noexcept {
    owned_end watch(started.watch);
    try {
      auto state = std::make_unique<detail::child_state>(
          started, descriptor::adopt_nonblocking(watch.get()), kills_on_drop);
      (void)watch.release();
      process made(std::move(state));
      made.input_ = own<pipe_writer>(0);
      made.output_ = own<pipe_reader>(1);
      made.error_ = own<pipe_reader>(2);
      return made;
    } catch (const std::bad_alloc&) {
      if (watch.get() >= 0) {
        sys::signal_child(started, SIGKILL);
        (void)watch.release();
        detail::clear_away(started);
      }
      return fail(std::make_error_code(std::errc::not_enough_memory));
    }
  }

 private:
  template <class End>
  End own(std::size_t stream) {
    if (ours[stream].get() < 0) {
      return {};
    }
    End made = End::from(descriptor::adopt_nonblocking(ours[stream].get()));
    (void)ours[stream].release();
    return made;
  }

  /// The child's end waits, ours does not: they are two files to the system.
  result<owned_end> add_pipe(std::size_t stream) noexcept {
    int ends[2];
    if (const int error = sys::pipe(ends, usual_capacity); error < 0) {
      return fail(sys::error_of(error));
    }
    const bool is_input = stream == 0;
    ours[stream] = owned_end(ends[is_input ? 1 : 0]);
    owned_end theirs(ends[is_input ? 0 : 1]);
    if (const int error = sys::set_blocking(theirs.get()); error < 0) {
      return fail(sys::error_of(error));
    }
    return above_streams(std::move(theirs));
  }
};

command::command(std::string program) : program_(std::move(program)) {}

command& command::argument(std::string one) & {
  arguments_.push_back(std::move(one));
  return *this;
}

command& command::arguments(std::span<const std::string> more) & {
  arguments_.insert(arguments_.end(), more.begin(), more.end());
  return *this;
}

command& command::set_variable(std::string name, std::string value) & {
  variables_.emplace_back(std::move(name), std::move(value));
  return *this;
}

command& command::remove_variable(std::string name) & {
  variables_.emplace_back(std::move(name), std::nullopt);
  return *this;
}

command& command::clear_environment() & {
  variables_.clear();
  inherits_environment_ = false;
  return *this;
}

command& command::directory(std::string path) & {
  directory_ = std::move(path);
  return *this;
}

command& command::input(child_stream what) & {
  streams_[0] = what;
  return *this;
}

command& command::output(child_stream what) & {
  streams_[1] = what;
  return *this;
}

command& command::error(child_stream what) & {
  streams_[2] = what;
  return *this;
}

command& command::kill_on_drop(bool on) & {
  kills_on_drop_ = on;
  return *this;
}

bool command::is_sound() const noexcept {
  return !has_zero(program_) && !has_zero(directory_) &&
         std::ranges::none_of(arguments_, [](const auto& one) { return has_zero(one); }) &&
         std::ranges::none_of(variables_, [](const auto& change) {
           const auto& [name, value] = change;
           return name.empty() || name.find('=') != name.npos || has_zero(name) ||
                  (value && has_zero(*value));
         });
}

result<command::child_ends> command::make_ends() const {
  child_ends ends;
  for (std::size_t stream = 0; stream < streams_.size(); ++stream) {
    const auto added = ends.add(stream, streams_[stream].value_or(child_stream::inherit()));
    if (!added) {
      return fail(added.error());
    }
  }
  return ends;
}

result<process> command::spawn() const {
  const std::string sentence = directory_.empty() ? program_ : program_ + " in " + directory_;
  if (!is_sound()) {
    return detail::refused("spawn", std::string_view(sentence),
                           std::make_error_code(std::errc::invalid_argument));
  }
  auto ends = make_ends();
  if (!ends) {
    return detail::refused("spawn", std::string_view(sentence), ends.error());
  }
  std::vector<std::string> words{program_};
  words.insert(words.end(), arguments_.begin(), arguments_.end());
  std::vector<std::string> variables = changed_environment(inherits_environment_, variables_);
  const std::vector<char*> arguments = pointers_to(words);
  const std::vector<char*> environment = pointers_to(variables);
  const sys::child_start what{
      .program = program_.c_str(),
      .arguments = arguments.data(),
      .environment = environment.data(),
      .directory = directory_.empty() ? nullptr : directory_.c_str(),
      .streams = {ends->child[0].get(), ends->child[1].get(), ends->child[2].get()}};
  sys::child started;
  const result<int> made = detail::call_on_pool([&] { return start(what, started); });
  if (!made) {
    return fail(made.error());
  }
  if (*made < 0) {
    return detail::refused("spawn", std::string_view(sentence), sys::error_of(*made));
  }
  return ends->take(started, kills_on_drop_);
}

}  // namespace weft::io
