#pragma once

#include <cfenv>
#include <cstddef>
#include <cstdint>

#include <boost/context/detail/fcontext.hpp>

/// The context switch of Boost.Context, for every processor that it knows.
namespace weft::detail {

using context = boost::context::detail::fcontext_t;
using context_entry = void (*)(void*);

/// The lowest byte of its stack that a suspended context needs.
inline std::byte* lowest_used(context suspended) noexcept {
  constexpr std::ptrdiff_t red_zone = 512;  // the widest of any ABI: of 64-bit POWER, 288 or 512
  return static_cast<std::byte*>(suspended) - red_zone;
}

namespace fcontext {

/// What travels with a jump: fcontext tells the resumed side who was suspended, so that side stores
/// it on behalf of the leaver.
struct passage {
  context* leaver;
  void* data;
};

inline void* arrive(boost::context::detail::transfer_t from) noexcept {
  auto* through = static_cast<passage*>(from.data);
  void* data = through->data;
  *through->leaver = from.fctx;
  return data;
}

template <context_entry Entry>
void start(boost::context::detail::transfer_t from) {
  Entry(arrive(from));
}

}  // namespace fcontext

inline std::uint32_t floating_point_control() noexcept {
  return static_cast<std::uint32_t>(std::fegetround());
}

inline void set_floating_point_control(std::uint32_t control) noexcept {
  std::fesetround(static_cast<int>(control));
}

template <context_entry Entry>
context make_context(std::byte* top, std::size_t size) noexcept {
  return boost::context::detail::make_fcontext(top, size, &fcontext::start<Entry>);
}

inline void* switch_context(context& leaver, context to, void* data) noexcept {
  fcontext::passage through{.leaver = &leaver, .data = data};
  return fcontext::arrive(boost::context::detail::jump_fcontext(to, &through));
}

}  // namespace weft::detail
