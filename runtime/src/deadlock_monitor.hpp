#pragma once

#include <condition_variable>
#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include <weft/runtime/clock.hpp>
#include <weft/runtime/deadlock.hpp>

#include "deadlock_census.hpp"
#include "deadlock_graph.hpp"

namespace weft::detail {

/// What the option means, with the environment. Throws std::invalid_argument when that is wrong.
deadlock_watch chosen_watch(deadlock_watch option);

/// One per process: the runtimes that watch for deadlocks, and the thread that looks.
///
/// The thread is started for the first runtime and never ended; without runtimes it sleeps.
/// `mutex_` is held during a look, so that no runtime goes meanwhile.
class deadlock_monitor {
 public:
  static deadlock_monitor& instance() noexcept;

  /// Throws std::system_error when there is no thread to be had.
  void enlist(runtime_core& core, deadlock_watch how);
  void withdraw(runtime_core& core) noexcept;

  deadlock_report report();

  void count_bystanders(int change) noexcept;

 private:
  friend class resting_thread;

  /// What one look comes to.
  struct sighting {
    wait_graph graph{{}, {}};
    census all;
    bool is_watched = false;
  };
  struct finding {
    deadlock_report::verdict verdict;
    std::uint64_t key;  // the same while the same wait for the same
    bool in_vain;       // all of them, not a circle
    std::string text;
  };

  void run() noexcept;
  void look_and_tell(std::unique_lock<std::mutex>& hold);
  bool is_news(const finding& found, time_point since);
  sighting look(std::size_t callers);
  std::vector<finding> judge(const sighting& seen) const;

  std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::unordered_map<runtime_core*, deadlock_watch> runtimes_;
  std::list<resting_word> resting_;
  std::size_t bystanders_ = 0;
  bool has_thread_ = false;
  std::map<std::uint64_t, time_point> first_seen_;  // what the last look found, and since when
  std::set<std::uint64_t> told_;
};

/// Lists a runtime while it lives.
class deadlock_enlistment {
 public:
  deadlock_enlistment(runtime_core& core, deadlock_watch how);
  ~deadlock_enlistment();
  deadlock_enlistment(const deadlock_enlistment&) = delete;
  deadlock_enlistment& operator=(const deadlock_enlistment&) = delete;

 private:
  runtime_core& core_;
};

/// While it lives, the calling thread does nothing but sleep until the word is not `seen` any more.
class resting_thread {
 public:
  resting_thread(const std::atomic<std::uint32_t>& word, std::uint32_t seen) noexcept;
  ~resting_thread();
  resting_thread(const resting_thread&) = delete;
  resting_thread& operator=(const resting_thread&) = delete;

 private:
  std::list<resting_word>::iterator where_;
};

}  // namespace weft::detail
