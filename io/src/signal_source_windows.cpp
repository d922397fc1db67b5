#include <array>
#include <atomic>
#include <csignal>

#include <windows.h>

#include <weft/runtime/deadlock.hpp>

#include "signal_source.hpp"

/// The console's events as signals: Ctrl-C is SIGINT, Ctrl-Break SIGBREAK, and the end of the
/// console, of the session or of the system SIGTERM. For each the system starts a thread that calls
/// the handler, so it may lock and wake; `under_way` keeps stop() from returning meanwhile. The
/// handler stays for good, because to take it away waits for one that is running, and one that
/// keeps the process alive for a moment does not end.
namespace weft::detail::signal_source {

namespace {

std::array<std::atomic<bool>, limit> taken{};
std::atomic<unsigned> under_way{0};
std::atomic<hearer> hear_it{nullptr};

int signal_of(DWORD event) noexcept {
  switch (event) {
    case CTRL_C_EVENT:
      return SIGINT;
    case CTRL_BREAK_EVENT:
      return SIGBREAK;
    default:
      return SIGTERM;
  }
}

/// Whether anyone wanted the signal.
bool pass_on(int signal) noexcept {
  const bystander aside;
  under_way.fetch_add(1);
  const hearer hear = hear_it.load();
  const bool wanted = hear && taken[static_cast<std::size_t>(signal)].load();
  if (wanted) {
    hear(signal);
  }
  under_way.fetch_sub(1);
  return wanted;
}

BOOL WINAPI on_console_event(DWORD event) {
  const int signal = signal_of(event);
  const bool wanted = pass_on(signal);
  if (wanted && signal == SIGTERM) {
    // The process ends when this returns: main() may take the time that the system grants.
    ::Sleep(INFINITE);
  }
  return wanted;
}

}  // namespace

std::error_code start(hearer hear) noexcept {
  static const bool is_installed = ::SetConsoleCtrlHandler(&on_console_event, TRUE);
  if (!is_installed) {
    return std::make_error_code(std::errc::not_enough_memory);
  }
  hear_it.store(hear);
  return {};
}

bool start_on_worker(hearer) noexcept {
  return false;  // the system has a thread of its own for it
}

void stop() noexcept {
  hear_it.store(nullptr);
  while (under_way.load() != 0) {
    ::SwitchToThread();
  }
}

std::error_code take(int signal) noexcept {
  if (signal != SIGINT && signal != SIGBREAK && signal != SIGTERM) {
    return std::make_error_code(std::errc::invalid_argument);
  }
  taken[static_cast<std::size_t>(signal)].store(true);
  return {};
}

void give_back(int signal) noexcept {
  taken[static_cast<std::size_t>(signal)].store(false);
}

}  // namespace weft::detail::signal_source
