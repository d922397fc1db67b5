#include "parker_pool.hpp"

/// Which parker belongs to which thread. On its own, because tests/explore has another answer.
namespace weft::detail {

namespace {

/// Gives the parker back when the thread ends.
struct lease {
  thread_parker* parker = take_parker();

  lease() = default;
  lease(const lease&) = delete;
  lease& operator=(const lease&) = delete;
  ~lease() { give_back_parker(*parker); }
};

}  // namespace

WEFT_NOINLINE thread_parker& thread_parker::current() noexcept {
  static thread_local lease mine;
  return *mine.parker;
}

}  // namespace weft::detail
