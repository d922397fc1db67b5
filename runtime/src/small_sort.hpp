#pragma once

#include <algorithm>
#include <functional>

namespace weft::detail {

/// By key. In half as much code as std::ranges::sort(), for what is sorted seldom: small programs
/// carry it along.
template <class Range, class Key>
void small_sort(Range& range, Key key) {
  std::ranges::make_heap(range, std::less<>(), key);
  std::ranges::sort_heap(range, std::less<>(), key);
}

}  // namespace weft::detail
