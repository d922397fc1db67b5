#include "iocp_handles.hpp"

namespace weft::io {

owned make_timer() noexcept {
  constexpr DWORD high_resolution = 0x2;  // Windows 10, version 1803
  const HANDLE precise =
      ::CreateWaitableTimerExW(nullptr, nullptr, high_resolution, TIMER_ALL_ACCESS);
  return owned(precise ? precise : ::CreateWaitableTimerExW(nullptr, nullptr, 0, TIMER_ALL_ACCESS));
}

bool skip_immediate(SOCKET socket) noexcept {
  WSAPROTOCOL_INFOW info{};
  int size = sizeof info;
  // Filters in between may report all the same.
  return ::getsockopt(socket, SOL_SOCKET, SO_PROTOCOL_INFOW, reinterpret_cast<char*>(&info),
                      &size) == 0 &&
         (info.dwServiceFlags1 & XP1_IFS_HANDLES) &&
         ::SetFileCompletionNotificationModes(
             reinterpret_cast<HANDLE>(socket),
             FILE_SKIP_COMPLETION_PORT_ON_SUCCESS | FILE_SKIP_SET_EVENT_ON_HANDLE);
}

}  // namespace weft::io
