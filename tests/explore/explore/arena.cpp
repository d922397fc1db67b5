#include "arena.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

#include <weft/runtime/config.hpp>

#include "schedule.hpp"

#if WEFT_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#endif

namespace weft::explore::arena {

namespace {

constexpr std::size_t granule = 64;
constexpr std::size_t part_size = std::size_t{1} << 18;

enum class use : std::uint8_t { never, live, freed };

alignas(granule) std::array<std::array<std::byte, part_size>, most_threads> parts;
std::array<std::array<use, part_size / granule>, most_threads> uses;
std::array<std::size_t, most_threads> tops;
std::size_t owner = 0;
std::size_t pieces = 0;
int pauses = 1;
bool broken = false;

use* use_of(const void* at) noexcept {
  const auto offset =
      reinterpret_cast<std::uintptr_t>(at) - reinterpret_cast<std::uintptr_t>(parts.data());
  return offset < sizeof parts ? uses[0].data() + offset / granule : nullptr;
}

/// The first granule keeps the size.
void* take(std::size_t size) noexcept {
  const std::size_t whole = (size + 2 * granule - 1) / granule * granule;
  if (part_size - tops[owner] < whole) {
    return nullptr;
  }
  std::byte* const at = parts[owner].data() + tops[owner];
  tops[owner] += whole;
  ASAN_UNPOISON_MEMORY_REGION(at, granule + size);
  std::memcpy(at, &whole, sizeof whole);
  std::memset(use_of(at), static_cast<int>(use::live), whole / granule);
  ++pieces;
  return at + granule;
}

/// False if it is not from here.
bool give_back(void* at) noexcept {
  use* const first = use_of(at);
  if (!first) {
    return false;
  }
  if (*first != use::live) {
    broken = true;
    return true;
  }
  std::byte* const start = static_cast<std::byte*>(at) - granule;
  std::size_t whole = 0;
  std::memcpy(&whole, start, sizeof whole);
  ASAN_UNPOISON_MEMORY_REGION(start, whole);
  std::memset(start, 0xdd, whole);
  std::memset(first - 1, static_cast<int>(use::freed), whole / granule);
  ASAN_POISON_MEMORY_REGION(start, whole);
  --pieces;
  return true;
}

void* allocate(std::size_t size) {
  void* const at = pauses == 0 ? take(size) : std::malloc(size == 0 ? 1 : size);
  if (!at) {
    throw std::bad_alloc();
  }
  return at;
}

void* allocate(std::size_t size, std::align_val_t alignment) {
  const auto to = static_cast<std::size_t>(alignment);
  void* const at =
      pauses == 0 && to <= granule ? take(size) : std::aligned_alloc(to, (size + to - 1) / to * to);
  if (!at) {
    throw std::bad_alloc();
  }
  return at;
}

void release(void* at) noexcept {
  if (at && !give_back(at)) {
    std::free(at);
  }
}

}  // namespace

void begin() noexcept {
  for (std::size_t i = 0; i < most_threads; ++i) {
    std::memset(uses[i].data(), static_cast<int>(use::never), tops[i] / granule);
    ASAN_POISON_MEMORY_REGION(parts[i].data(), part_size);
    tops[i] = 0;
  }
  owner = 0;
  pieces = 0;
  broken = false;
  pauses = 0;
}

void end() noexcept {
  pauses = 1;
}

void belongs_to(std::size_t thread) noexcept {
  owner = thread;
}
std::size_t live() noexcept {
  return pieces;
}
bool is_freed(const void* at) noexcept {
  const use* const found = use_of(at);
  return found && *found == use::freed;
}
bool is_broken() noexcept {
  return broken;
}

pause::pause() noexcept {
  ++pauses;
}
pause::~pause() {
  --pauses;
}

}  // namespace weft::explore::arena

void* operator new(std::size_t size) {
  return weft::explore::arena::allocate(size);
}
void* operator new[](std::size_t size) {
  return weft::explore::arena::allocate(size);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return weft::explore::arena::allocate(size, alignment);
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return weft::explore::arena::allocate(size, alignment);
}
void operator delete(void* at) noexcept {
  weft::explore::arena::release(at);
}
void operator delete[](void* at) noexcept {
  weft::explore::arena::release(at);
}
void operator delete(void* at, std::size_t) noexcept {
  weft::explore::arena::release(at);
}
void operator delete[](void* at, std::size_t) noexcept {
  weft::explore::arena::release(at);
}
void operator delete(void* at, std::align_val_t) noexcept {
  weft::explore::arena::release(at);
}
void operator delete[](void* at, std::align_val_t) noexcept {
  weft::explore::arena::release(at);
}
void operator delete(void* at, std::size_t, std::align_val_t) noexcept {
  weft::explore::arena::release(at);
}
void operator delete[](void* at, std::size_t, std::align_val_t) noexcept {
  weft::explore::arena::release(at);
}
