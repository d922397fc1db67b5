#pragma once

#include <cstddef>

/// The heap of explored programs. operator new takes from it while a program's thread runs.
///
/// Each model thread has its own part and never gets the same piece twice in a run, so an object's
/// address depends on its thread's past only, and what was freed stays recognisable. Everything is
/// taken back when the next run begins, whatever became of the last.
namespace weft::explore::arena {

void begin() noexcept;
void end() noexcept;
/// From now on it is this model thread that allocates.
void belongs_to(std::size_t thread) noexcept;
/// Pieces that were allocated in this run and not freed.
std::size_t live() noexcept;
bool is_freed(const void* at) noexcept;
/// Whether a piece was freed twice.
bool is_broken() noexcept;

/// While one lives, operator new takes from the ordinary heap: for the explorer's own data.
class pause {
 public:
  pause() noexcept;
  ~pause();
  pause(const pause&) = delete;
  pause& operator=(const pause&) = delete;
};

}  // namespace weft::explore::arena
