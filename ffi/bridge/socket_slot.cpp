#include "socket_slot.hpp"

#include "slot_store.hpp"

namespace weft::dart::slots {

namespace {

constinit ffi::slot_store<socket_slot> store;

}  // namespace

socket_slot* take() noexcept {
  return store.take();
}

void give_back(socket_slot& vacant) noexcept {
  store.give_back(vacant);
}

socket_slot* of(std::int64_t handle) noexcept {
  return store.of(handle);
}

std::uint32_t count() noexcept {
  return store.count();
}

socket_slot& at(std::uint32_t index) noexcept {
  return store.at(index);
}

}  // namespace weft::dart::slots
