#include <algorithm>
#include <string_view>

#include "arena.hpp"
#include "engine.hpp"

/// The steps of a program: what model threads do that others may notice.
namespace weft::explore {

void engine::before(const void* at, std::source_location where) {
  if (traces_) {
    note(where);
  }
  bool shared = false;
  {
    const arena::pause off;
    shared = history_.at(at).is_shared();
  }
  point(shared);
  running_->last_read = at;
  if (arena::is_freed(at)) {
    fail(std::string("memory is used after it was freed, at ") + where.file_name() + ":" +
         std::to_string(where.line()));
  }
  if (!how_.one_runtime && !running_->cancels && is_wait_of_ended(at)) {
    fail(std::string("the wait of a thread that has ended is looked at, at ") + where.file_name() +
         ":" + std::to_string(where.line()));
  }
}

/// A parker's word comes first in it.
bool engine::is_wait_of_ended(const void* at) noexcept {
  return std::ranges::any_of(threads_, [&](const thread& t) {
    return t.is == state::ended && at == static_cast<const void*>(t.parker.data());
  });
}

void engine::cancel(std::size_t number) {
  thread& self = *running_;
  self.cancels = true;
  parker_of(number).root.cancel("the explored program says so");
  self.cancels = false;
}

void engine::after(const void* at, access what) {
  const arena::pause off;
  history_.add(running_->number, running_->last_event, history_.at(at), what, alone_ || quiet_);
}

void engine::relax() {
  if (quiet_ || alone_) {
    return;
  }
  ++step_;
  thread& self = *running_;
  {
    const arena::pause off;
    history_.add(self.number, self.last_event);
    const std::uint32_t version = history_.at(self.last_read).version;
    if (self.where != self.last_read || self.version != version) {
      self.relaxed = 0;
    }
    self.where = self.last_read;
    self.version = version;
  }
  self.is = state::relaxing;
  choose_next();
}

bool engine::wait_on_word(const std::atomic<std::uint32_t>& word, std::uint32_t expected,
                          time_point until) {
  before(&word, std::source_location::current());
  after(&word, access::load);
  if (word.load() != expected || until <= now()) {
    return false;
  }
  thread& self = *running_;
  self.is = state::waiting;
  self.where = &word;
  self.until = until;
  ++step_;
  choose_next();
  self.until = forever;
  after(&word, access::update);
  return true;
}

void engine::wake_word(const void* word) {
  before(word, std::source_location::current());
  after(word, access::update);
  for (thread& t : threads_) {
    if (t.is == state::waiting && t.where == word) {
      t.is = state::runnable;
    }
  }
  point(true);
  const arena::pause off;
  history_.add(running_->number, running_->last_event);
}

clock::time_point engine::now() {
  after(&now_, access::load);
  return clock::time_point(std::chrono::nanoseconds(now_));
}

void engine::note(std::source_location where) {
  const arena::pause off;
  if (traced_thread_ != running_->number) {
    traced_thread_ = running_->number;
    trace_ += "\n  thread ";
    trace_ += std::to_string(traced_thread_);
    trace_ += ':';
  }
  std::string_view file = where.file_name();
  file.remove_prefix(file.rfind('/') + 1);
  trace_ += ' ';
  trace_ += file;
  trace_ += ':';
  trace_ += std::to_string(where.line());
}

std::string engine::describe_waiters() const {
  std::string text;
  for (const thread& t : threads_) {
    if (t.is == state::waiting) {
      text += text.empty() ? "thread " : ", thread ";
      text += std::to_string(t.number);
    }
  }
  return text + " waits, and nobody is left to wake it";
}

}  // namespace weft::explore
