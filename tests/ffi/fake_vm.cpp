#include "fake_vm.hpp"

#include <array>
#include <atomic>
#include <stdexcept>
#include <string>
#include <utility>

#include <support/patience.hpp>

namespace weft::testing {

namespace {

std::atomic<fake_vm*> the_vm{nullptr};

struct entry {
  const char* name;
  void (*function)();
};

struct api_table {
  std::int32_t major;
  std::int32_t minor;
  const entry* entries;
};

template <class F>
void (*plain(F* function))() {
  return reinterpret_cast<void (*)()>(function);
}

}  // namespace

fake_vm::fake_vm() {
  the_vm = this;
}

fake_vm::~fake_vm() {
  collect_all_data();
  while (!objects_.empty()) {
    collect(objects_.begin()->first);
  }
  the_vm = nullptr;
}

void* fake_vm::api() noexcept {
  static const std::array<entry, 5> entries{{{"Dart_PostInteger", plain(post_number)},
                                             {"Dart_PostCObject", plain(post_message)},
                                             {"Dart_NewFinalizableHandle", plain(new_finalizable)},
                                             {"Dart_SomethingElse", nullptr},
                                             {nullptr, nullptr}}};
  static api_table table{2, 4, entries.data()};
  return &table;
}

dart::port fake_vm::open_port() {
  std::lock_guard hold(mutex_);
  const dart::port made = next_port_++;
  ports_[made];
  return made;
}

void fake_vm::kill(dart::port which) {
  std::lock_guard hold(mutex_);
  ports_[which].is_alive = false;
  ports_[which].expected.clear();
}

void fake_vm::expect(dart::port by, std::int64_t id) {
  std::lock_guard hold(mutex_);
  ports_[by].expected.insert(id);
}

void fake_vm::refused(dart::port by, std::int64_t id) {
  std::lock_guard hold(mutex_);
  if (ports_[by].is_alive && ports_[by].expected.erase(id) == 0) {
    complain("a refused request was answered");
  }
}

template <class Ready>
void fake_vm::wait_for(std::unique_lock<std::mutex>& hold, const char* what, Ready ready) {
  if (!changed_.wait_for(hold, patience() / 3, std::move(ready))) {
    throw std::runtime_error(what);
  }
}

answer fake_vm::await(dart::port by, std::int64_t id) {
  std::unique_lock hold(mutex_);
  port_state& at = ports_[by];
  wait_for(hold, "an answer did not come", [&] { return at.answers.contains(id); });
  return at.answers.extract(id).mapped();
}

std::optional<answer> fake_vm::poll(dart::port by, std::int64_t id) {
  std::lock_guard hold(mutex_);
  auto found = ports_[by].answers.extract(id);
  return found ? std::optional(std::move(found.mapped())) : std::nullopt;
}

std::vector<std::int64_t> fake_vm::order(dart::port by) {
  std::lock_guard hold(mutex_);
  return ports_[by].order;
}

std::int64_t fake_vm::await_number(dart::port by) {
  std::unique_lock hold(mutex_);
  port_state& at = ports_[by];
  wait_for(hold, "a number did not come", [&] { return !at.numbers.empty(); });
  const std::int64_t number = at.numbers.front();
  at.numbers.pop_front();
  return number;
}

std::size_t fake_vm::numbers_waiting(dart::port by) {
  std::lock_guard hold(mutex_);
  return ports_[by].numbers.size();
}

std::size_t fake_vm::unanswered() {
  std::lock_guard hold(mutex_);
  std::size_t sum = 0;
  for (const auto& [number, at] : ports_) {
    sum += at.is_alive ? at.expected.size() : 0;
  }
  return sum;
}

std::size_t fake_vm::probes() {
  std::lock_guard hold(mutex_);
  return probes_;
}

void fake_vm::collect(dart::object which) {
  finalizable dead{};
  {
    std::lock_guard hold(mutex_);
    const auto found = objects_.find(which);
    if (found == objects_.end()) {
      throw std::logic_error("no such object");
    }
    dead = found->second;
    objects_.erase(found);
  }
  dead.release(nullptr, dead.peer);
}

bool fake_vm::collect_some_data() {
  finalizable dead{};
  {
    std::lock_guard hold(mutex_);
    if (data_.empty()) {
      return false;
    }
    dead = std::exchange(data_[data_.size() / 2], data_.back());
    data_.pop_back();
  }
  dead.release(nullptr, dead.peer);
  return true;
}

void fake_vm::collect_all_data() {
  while (collect_some_data()) {
  }
}

std::size_t fake_vm::data_held() {
  std::lock_guard hold(mutex_);
  return data_.size();
}

std::vector<std::string> fake_vm::complaints() {
  std::lock_guard hold(mutex_);
  return complaints_;
}

bool fake_vm::post_number(dart::port to, std::int64_t number) {
  fake_vm& vm = *the_vm;
  std::lock_guard hold(vm.mutex_);
  const auto found = vm.ports_.find(to);
  if (found == vm.ports_.end() || !found->second.is_alive) {
    return false;
  }
  found->second.numbers.push_back(number);
  vm.changed_.notify_all();
  return true;
}

void* fake_vm::new_finalizable(dart::object to, void* peer, std::intptr_t,
                               dart::finalizer release) {
  fake_vm& vm = *the_vm;
  std::lock_guard hold(vm.mutex_);
  vm.objects_.emplace(to, finalizable{peer, release});
  return peer;
}

bool fake_vm::post_message(dart::port to, dart::message* message) {
  return the_vm.load()->take(to, *message);
}

bool fake_vm::take(dart::port to, const dart::message& message) {
  std::lock_guard hold(mutex_);
  const auto found = ports_.find(to);
  if (to == dart::no_port || found == ports_.end()) {
    complain("a message to no port");
    return false;
  }
  if (!found->second.is_alive) {
    return false;
  }
  const auto& list = message.value.array;
  if (message.type != dart::kind::array || list.length != 3 ||
      list.values[0]->type != dart::kind::int64 || list.values[1]->type != dart::kind::int64) {
    complain("a message of another shape");
    return true;
  }
  answer made{list.values[0]->value.int64, list.values[1]->value.int64, std::nullopt};
  const dart::message& data = *list.values[2];
  if (data.type == dart::kind::bytes) {
    const auto& bytes = data.value.bytes;
    made.data.emplace(bytes.values, bytes.values + bytes.length);
  } else if (data.type == dart::kind::external_bytes) {
    const auto& bytes = data.value.external;
    made.data.emplace(bytes.data, bytes.data + bytes.length);
    made.is_external = true;
    data_.push_back({bytes.peer, bytes.release});
  } else if (data.type != dart::kind::null) {
    complain("data of another kind");
  }
  file(found->second, std::move(made));
  return true;
}

void fake_vm::file(port_state& at, answer made) {
  if (made.id == -1 && made.result == 0 && !made.data) {
    ++probes_;
    return;
  }
  if (at.expected.erase(made.id) == 0) {
    complain("an answer to nothing that was asked: " + std::to_string(made.id) + ", " +
             std::to_string(made.result));
  }
  at.order.push_back(made.id);
  at.answers[made.id] = std::move(made);
  changed_.notify_all();
}

}  // namespace weft::testing
