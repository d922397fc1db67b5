#pragma once

#include <bitset>

#include <weft/runtime/config.hpp>

namespace weft::detail {

/// Hears of signals; see signal_hub.cpp.
class WEFT_API signal_sink {
 public:
  using signal_set = std::bitset<128>;
  enum class kind : bool {
    listener,     ///< hears of all that come while it is there
    last_resort,  ///< of one that no listener wants, and after that of none
  };

  signal_sink(const signal_sink&) = delete;
  signal_sink& operator=(const signal_sink&) = delete;

  /// On a thread of the hub's, under its lock: must neither suspend nor add or remove sinks.
  virtual void hear(int signal) noexcept = 0;

  const signal_set& wanted() const noexcept { return wanted_; }
  kind type() const noexcept { return kind_; }

  // The hub's.
  signal_sink* next = nullptr;
  bool is_listed = false;

 protected:
  signal_sink(const signal_set& wanted, kind type) noexcept : wanted_(wanted), kind_(type) {}
  ~signal_sink() = default;

 private:
  const signal_set wanted_;
  const kind kind_;
};

}  // namespace weft::detail
