#pragma once

#include <cstdio>
#include <functional>
#include <list>

/// Every test case runs under a watchdog: one that takes too long is ended by abort(), after what
/// might explain it was shown, instead of hanging. Nothing needs to be done for that but to link
/// weft_test_main.
namespace weft::testing {

/// Shown on standard error before the watchdog aborts; registered while it lives.
class on_hang {
 public:
  using action = std::function<void(std::FILE*)>;

  explicit on_hang(action show);
  ~on_hang();
  on_hang(const on_hang&) = delete;
  on_hang& operator=(const on_hang&) = delete;

 private:
  std::list<action>::iterator where_;
};

}  // namespace weft::testing
