#include "signal_hub.hpp"

#include <array>
#include <mutex>
#include <optional>
#include <string>

#include <weft/runtime/explain.hpp>

#include "signal_source.hpp"

/// Who of the process hears which signal. A signal is taken from the system while anyone wants it;
/// the source runs while there are sinks: on the worker of the first, if that is a last resort and
/// nobody else listens, because that one is left before its runtime ends; else on a thread.
///
/// Two locks, always in this order. `life` is held while the source starts or stops, which may wait
/// for its thread; that thread takes `lock` alone, which guards the list and the counts. A last
/// resort that was used is taken off the list, and its signals are given back, before it is told:
/// who acts on what it says finds that the next signal does what it did before weft came.
namespace weft::detail::signal_hub {

namespace {

std::mutex life;
unsigned sinks = 0;      // guarded by `life`
bool on_worker = false;  // likewise: the source has no thread yet

std::mutex lock;  // guards all below
signal_sink* first = nullptr;
std::array<unsigned, signal_source::limit> wanted_by{};

static_assert(signal_sink::signal_set().size() == signal_source::limit);

unsigned& count_of(int signal) noexcept {
  return wanted_by[static_cast<std::size_t>(signal)];
}

bool wants(const signal_sink& sink, int signal) noexcept {
  return sink.wanted()[static_cast<std::size_t>(signal)];
}

/// Of the signals below `end`, gives back those that nobody else wants.
void want_no_more(const signal_sink& sink, int end) noexcept {
  for (int signal = 0; signal < end; ++signal) {
    if (wants(sink, signal) && --count_of(signal) == 0) {
      signal_source::give_back(signal);
    }
  }
}

struct refusal {
  int signal = 0;
  std::error_code error;
};

/// All or none: then which was refused, and why.
std::optional<refusal> want(const signal_sink& sink) noexcept {
  for (int signal = 0; signal < signal_source::limit; ++signal) {
    if (!wants(sink, signal)) {
      continue;
    }
    if (count_of(signal) == 0) {
      if (const std::error_code error = signal_source::take(signal)) {
        want_no_more(sink, signal);
        return refusal{signal, error};
      }
    }
    ++count_of(signal);
  }
  return std::nullopt;
}

void unlist(signal_sink& sink) noexcept {
  for (signal_sink** at = &first; *at; at = &(*at)->next) {
    if (*at == &sink) {
      *at = sink.next;
      break;
    }
  }
  sink.is_listed = false;
  want_no_more(sink, signal_source::limit);
}

/// Takes those whom the signal reaches only because no listener wants it off the list.
signal_sink* take_last_resorts(int signal) noexcept {
  signal_sink* taken = nullptr;
  for (signal_sink* sink = first; sink;) {
    signal_sink* const next = sink->next;
    if (wants(*sink, signal)) {
      unlist(*sink);
      sink->next = taken;
      taken = sink;
    }
    sink = next;
  }
  return taken;
}

void hear(int signal) noexcept {
  const std::lock_guard hold(lock);
  bool is_wanted = false;
  for (signal_sink* sink = first; sink; sink = sink->next) {
    if (sink->type() == signal_sink::kind::listener && wants(*sink, signal)) {
      is_wanted = true;
      sink->hear(signal);
    }
  }
  if (is_wanted) {
    return;
  }
  for (signal_sink* sink = take_last_resorts(signal); sink;) {
    signal_sink* const next = sink->next;
    sink->hear(signal);
    sink = next;
  }
}

/// Under `life`.
result<void> count_in(const signal_sink& sink) {
  const bool has_thread = sinks != 0 && !on_worker;
  const bool may_do_without = sinks == 0 && sink.type() == signal_sink::kind::last_resort;
  if (may_do_without && signal_source::start_on_worker(&hear)) {
    on_worker = true;
  } else if (!has_thread) {
    if (const std::error_code error = signal_source::start(&hear)) {
      note_error(error, "listening for signals: " + error.message());
      return fail(error);
    }
    on_worker = false;
  }
  ++sinks;
  return {};
}

void count_out() noexcept {
  if (--sinks == 0) {
    signal_source::stop();
  }
}

}  // namespace

result<void> add(signal_sink& sink) {
  const std::lock_guard alive(life);
  if (auto counted = count_in(sink); !counted) {
    return counted;
  }
  std::optional<refusal> refused;
  {
    const std::lock_guard hold(lock);
    refused = want(sink);
    if (!refused) {
      sink.next = first;
      sink.is_listed = true;
      first = &sink;
    }
  }
  if (!refused) {
    return {};
  }
  count_out();
  note_error(refused->error, "signal " + std::to_string(refused->signal) + ": " +
                                 refused->error.message() + " (no program can listen for it)");
  return fail(refused->error);
}

void remove(signal_sink& sink) noexcept {
  const std::lock_guard alive(life);
  {
    const std::lock_guard hold(lock);
    if (sink.is_listed) {
      unlist(sink);
    }
  }
  count_out();
}

}  // namespace weft::detail::signal_hub
