#include <array>

#include <execinfo.h>

#include "backtrace.hpp"

namespace weft::detail {

namespace {

constexpr int most_frames = 48;

}  // namespace

void prepare_backtrace() noexcept {
  void* frame = nullptr;
  backtrace(&frame, 1);
}

void write_backtrace(int fd) noexcept {
  std::array<void*, most_frames> frames;
  const auto count = backtrace(frames.data(), most_frames);
  backtrace_symbols_fd(frames.data(), count, fd);
}

}  // namespace weft::detail
