#include "schedule.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace weft::explore {

namespace {

std::size_t place_of(std::uint32_t who, const crossing& at) {
  const auto found =
      std::ranges::find_if(at.options, [&](const option& one) { return one.who == who; });
  return static_cast<std::size_t>(found - at.options.begin());
}

}  // namespace

std::size_t depth_first::choose(const crossing& at) {
  if (depth_ < path_.size()) {
    const decision& past = path_[depth_];
    if (at.step < past.step) {
      return 0;  // the bound left no choice here
    }
    const option& taken = past.options[past.chosen];
    spent_ += taken.cost;
    ++depth_;
    return past.step == at.step ? place_of(taken.who, at) : at.options.size();
  }
  if (known_) {
    return 0;
  }
  decision now{.step = at.step, .chosen = 0, .count = 0, .options = {}};
  for (const option& one : at.options) {
    if (spent_ + one.cost <= bound_) {
      now.options[now.count++] = one;
    }
  }
  if (now.count < 2) {
    return 0;
  }
  const int left = bound_ - spent_;
  const auto [place, is_new] = seen_.try_emplace(at.state, left);
  if (!is_new && place->second >= left) {
    known_ = true;
    return 0;
  }
  place->second = left;
  path_.push_back(now);
  ++depth_;
  spent_ += now.options[0].cost;
  return 0;
}

std::string depth_first::seed() const {
  std::string text;
  for (std::size_t i = 0; i < depth_; ++i) {
    if (const decision& d = path_[i]; d.chosen != 0) {
      text += text.empty() ? "" : "-";
      text += std::to_string(d.step);
      text += '.';
      text += std::to_string(d.options[d.chosen].who);
    }
  }
  return text.empty() ? "0" : text;
}

bool depth_first::next() {
  spent_ = 0;
  known_ = false;
  depth_ = 0;
  while (!path_.empty()) {
    if (++path_.back().chosen < path_.back().count) {
      return true;
    }
    path_.pop_back();
  }
  return false;
}

void depth_first::restart() {
  path_.clear();
  seen_.clear();
  (void)next();
}

std::string random_walk::seed() const {
  std::string text = "r";
  return text += std::to_string(number_);
}

std::uint32_t random_walk::draw() noexcept {
  state_ = state_ * 6364136223846793005U + 1442695040888963407U;
  return static_cast<std::uint32_t>(state_ >> 33);
}

std::size_t random_walk::choose(const crossing& at) {
  // From one change in two steps to one in 64, by the seed: short races and long ones.
  const std::uint32_t rarity = 2U << number_ % 6;
  return draw() % rarity == 0 ? draw() % at.options.size() : 0;
}

fixed_schedule::fixed_schedule(std::string_view seed) : seed_(seed) {
  const char* at = seed_.data();
  const char* const end = at + seed_.size();
  while (seed != "0" && at != end) {
    exception next;
    const auto step = std::from_chars(at, end, next.step);
    if (step.ec != std::errc() || step.ptr == end || *step.ptr != '.') {
      throw std::invalid_argument("a seed is <step>.<thread>-<step>.<thread>..., 0, or r<number>");
    }
    const auto who = std::from_chars(step.ptr + 1, end, next.who);
    if (who.ec != std::errc() || (who.ptr != end && *who.ptr != '-')) {
      throw std::invalid_argument("a seed is <step>.<thread>-<step>.<thread>..., 0, or r<number>");
    }
    exceptions_.push_back(next);
    at = who.ptr == end ? end : who.ptr + 1;
  }
}

std::size_t fixed_schedule::choose(const crossing& at) {
  if (next_ == exceptions_.size() || exceptions_[next_].step != at.step) {
    return 0;
  }
  return place_of(exceptions_[next_++].who, at);
}

}  // namespace weft::explore
