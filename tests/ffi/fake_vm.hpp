#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include "dart_api.hpp"

/// What libweft_dart.so sees of a Dart VM: the table of functions, ports that live and die, a
/// garbage collector that runs finalizers when it is told to. It checks what is posted: the shape
/// of each message, and that each request is answered once.
namespace weft::testing {

struct answer {
  std::int64_t id = 0;
  std::int64_t result = 0;
  std::optional<std::vector<std::uint8_t>> data;
  bool is_external = false;
};

class fake_vm {
 public:
  fake_vm();
  ~fake_vm();
  fake_vm(const fake_vm&) = delete;
  fake_vm& operator=(const fake_vm&) = delete;

  /// For tcp_init().
  void* api() noexcept;

  dart::port open_port();
  /// Messages to it are refused from now on.
  void kill(dart::port which);

  /// A request is about to be made, or was refused.
  void expect(dart::port by, std::int64_t id);
  void refused(dart::port by, std::int64_t id);

  /// Waits for the answer to a request.
  answer await(dart::port by, std::int64_t id);
  /// The answer to a request, if it is there.
  std::optional<answer> poll(dart::port by, std::int64_t id);
  /// The ids of all answers to a port, in the order in which they came.
  std::vector<std::int64_t> order(dart::port by);
  /// Waits for the next bare number.
  std::int64_t await_number(dart::port by);
  std::size_t numbers_waiting(dart::port by);
  /// Requests of live ports that were not answered.
  std::size_t unanswered();
  /// How often ports were asked whether they live.
  std::size_t probes();

  /// Collects one object, or any one if there is such a one.
  void collect(dart::object which);
  bool collect_some_data();
  void collect_all_data();
  std::size_t data_held();

  /// What was wrong with messages, as sentences.
  std::vector<std::string> complaints();

 private:
  struct port_state {
    bool is_alive = true;
    std::set<std::int64_t> expected;
    std::map<std::int64_t, answer> answers;
    std::vector<std::int64_t> order;
    std::deque<std::int64_t> numbers;
  };
  struct finalizable {
    void* peer;
    dart::finalizer release;
  };

  static bool post_message(dart::port to, dart::message* message);
  static bool post_number(dart::port to, std::int64_t number);
  static void* new_finalizable(dart::object to, void* peer, std::intptr_t size,
                               dart::finalizer release);
  bool take(dart::port to, const dart::message& message);
  void file(port_state& at, answer made);
  void complain(std::string sentence) { complaints_.push_back(std::move(sentence)); }
  template <class Ready>
  void wait_for(std::unique_lock<std::mutex>& hold, const char* what, Ready ready);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<dart::port, port_state> ports_;
  dart::port next_port_ = 1;
  std::size_t probes_ = 0;
  std::vector<finalizable> data_;
  std::multimap<dart::object, finalizable> objects_;
  std::vector<std::string> complaints_;
};

}  // namespace weft::testing
