#pragma once

#include <weft/io/detail/signal_sink.hpp>
#include <weft/runtime/result.hpp>

namespace weft::detail::signal_hub {

/// From now on the sink hears of its signals.
///
/// Errors: `invalid_argument` for signals that cannot be caught, and the system's where it lacks a
///   descriptor or a thread; explain() has the sentence.
result<void> add(signal_sink& sink);
/// It hears nothing any more; a call under way is waited for.
void remove(signal_sink& sink) noexcept;

}  // namespace weft::detail::signal_hub
