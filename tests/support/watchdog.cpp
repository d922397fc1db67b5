#include "watchdog.hpp"

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include <doctest/doctest.h>

#include "patience.hpp"

namespace weft::testing {

namespace {

/// Leaked on purpose: its thread runs to the end of the process.
struct watchdog {
  std::mutex mutex;
  std::condition_variable changed;
  std::list<on_hang::action> actions;
  std::string test;  // empty: none runs
  std::chrono::steady_clock::time_point deadline;

  static watchdog& instance() {
    static auto* const one = new watchdog;
    return *one;
  }

  watchdog() {
    if (patience() > patience().zero()) {
      std::thread([this] { watch(); }).detach();
    }
  }

  void watch() {
    std::unique_lock hold(mutex);
    for (;;) {
      if (test.empty()) {
        changed.wait(hold);
      } else if (changed.wait_until(hold, deadline) == std::cv_status::timeout && !test.empty() &&
                 std::chrono::steady_clock::now() >= deadline) {
        bark();
      }
    }
  }

  [[noreturn]] void bark() {
    std::fprintf(stderr, "\nwatchdog: \"%s\" hangs\n", test.c_str());
    for (const on_hang::action& show : actions) {
      show(stderr);
    }
    std::fflush(nullptr);
    // Not doctest's handler: it would report to this listener, and wait for the lock that is held.
    std::signal(SIGABRT, SIG_DFL);
    std::abort();
  }

  void expect_end_of(const char* name) {
    std::lock_guard hold(mutex);
    test = name;
    deadline = std::chrono::steady_clock::now() + patience();
    changed.notify_one();
  }

  /// Wakes nobody: the thread would only find that there is nothing to do.
  void relax() {
    std::lock_guard hold(mutex);
    test.clear();
  }
};

struct listener : doctest::IReporter {
  explicit listener(const doctest::ContextOptions&) {}

  void test_case_start(const doctest::TestCaseData& test) override {
    watchdog::instance().expect_end_of(test.m_name);
  }
  void test_case_reenter(const doctest::TestCaseData& test) override {
    watchdog::instance().expect_end_of(test.m_name);
  }
  void test_case_end(const doctest::CurrentTestCaseStats&) override {
    watchdog::instance().relax();
  }

  void report_query(const doctest::QueryData&) override {}
  void test_run_start() override {}
  void test_run_end(const doctest::TestRunStats&) override {}
  void test_case_exception(const doctest::TestCaseException&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData&) override {}
  void log_message(const doctest::MessageData&) override {}
  void test_case_skipped(const doctest::TestCaseData&) override {}
};

REGISTER_LISTENER("watchdog", 1, listener);

}  // namespace

on_hang::on_hang(action show) {
  watchdog& dog = watchdog::instance();
  std::lock_guard hold(dog.mutex);
  where_ = dog.actions.insert(dog.actions.end(), std::move(show));
}

on_hang::~on_hang() {
  watchdog& dog = watchdog::instance();
  std::lock_guard hold(dog.mutex);
  dog.actions.erase(where_);
}

}  // namespace weft::testing
