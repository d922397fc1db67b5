#include <weft/sync/detail/lock_owner.hpp>

namespace weft::detail {

#ifdef NDEBUG
std::atomic<bool> notes_lock_owners{false};
#else
std::atomic<bool> notes_lock_owners{true};
#endif

}  // namespace weft::detail
