#pragma once

#include <atomic>
#include <source_location>
#include <type_traits>

/// What stands for std::atomic in code that is compiled to be explored: each access is a scheduling
/// point before, and an event after. All are sequentially consistent, whatever order is asked for.
namespace weft::explore {

enum class access : unsigned char { load, store, update };

/// The calling model thread is about to access the object at `at`. Nothing outside of a run.
void before(const void* at, std::source_location where) noexcept;
/// It has; an update that fails is a load.
void after(const void* at, access what) noexcept;

template <class T>
class atomic : public std::atomic<T> {
  using base = std::atomic<T>;
  using site = std::source_location;
  using order = std::memory_order;

 public:
  constexpr atomic() noexcept = default;
  constexpr atomic(T value) noexcept : base(value) {}
  atomic(const atomic&) = delete;
  atomic& operator=(const atomic&) = delete;

  T load(order = order::seq_cst, site where = site::current()) const noexcept {
    before(this, where);
    const T seen = base::load();
    after(this, access::load);
    return seen;
  }
  void store(T value, order = order::seq_cst, site where = site::current()) noexcept {
    before(this, where);
    base::store(value);
    after(this, access::store);
  }
  T exchange(T value, order = order::seq_cst, site where = site::current()) noexcept {
    return update(where, [&] { return base::exchange(value); });
  }
  bool compare_exchange_strong(T& expected, T value, order = order::seq_cst, order = order::seq_cst,
                               site where = site::current()) noexcept {
    before(this, where);
    const bool changed = base::compare_exchange_strong(expected, value);
    after(this, changed ? access::update : access::load);
    return changed;
  }
  /// Never fails for no reason.
  bool compare_exchange_weak(T& expected, T value, order = order::seq_cst, order = order::seq_cst,
                             site where = site::current()) noexcept {
    return compare_exchange_strong(expected, value, order::seq_cst, order::seq_cst, where);
  }
  template <class U>
  T fetch_add(U n, order = order::seq_cst, site where = site::current()) noexcept {
    return update(where, [&] { return base::fetch_add(static_cast<difference<U>>(n)); });
  }
  template <class U>
  T fetch_sub(U n, order = order::seq_cst, site where = site::current()) noexcept {
    return update(where, [&] { return base::fetch_sub(static_cast<difference<U>>(n)); });
  }
  T fetch_or(T bits, order = order::seq_cst, site where = site::current()) noexcept {
    return update(where, [&] { return base::fetch_or(bits); });
  }
  T fetch_and(T bits, order = order::seq_cst, site where = site::current()) noexcept {
    return update(where, [&] { return base::fetch_and(bits); });
  }

  operator T() const noexcept { return load(); }
  T operator=(T value) noexcept {
    store(value);
    return value;
  }

 private:
  template <class U>
  using difference = std::conditional_t<std::is_integral_v<T>, T, U>;

  template <class Do>
  T update(site where, Do change) noexcept {
    before(this, where);
    const T seen = change();
    after(this, access::update);
    return seen;
  }
};

}  // namespace weft::explore
