#include "poller_home.hpp"

#include <utility>

namespace weft::io::detail {

namespace {

std::mutex pool_mutex;
poller_home* pool = nullptr;

poller_home& take_from_pool() {
  std::lock_guard hold(pool_mutex);
  if (poller_home* home = pool) {
    pool = home->next_free;
    return *home;
  }
  return *new poller_home;
}

}  // namespace

poller_home& poller_home::move_in(poller& tenant) {
  poller_home& home = take_from_pool();
  std::lock_guard hold(home.mutex);
  home.tenant = &tenant;
  ++home.tenancy;
  return home;
}

void poller_home::move_out() noexcept {
  {
    std::lock_guard hold(mutex);
    tenant = nullptr;
  }
  std::lock_guard hold(pool_mutex);
  next_free = std::exchange(pool, this);
}

void poller_home::call(void (poller::*what)(descriptor_state&) noexcept, descriptor_state& state,
                       std::uint64_t of_tenancy) noexcept {
  std::lock_guard hold(mutex);
  if (tenant && tenancy == of_tenancy) {
    (tenant->*what)(state);
  }
}

}  // namespace weft::io::detail
