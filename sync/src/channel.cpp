#include <weft/sync/detail/channel_core.hpp>

namespace weft::detail {

result<void> channel_base::wait(biased_hold& hold, wait_queue& queue, wait_node& node,
                                time_point until, const char* what) noexcept {
  if (until != forever && until <= clock::now()) {
    return fail(time_out_of_wait());
  }
  auto begun = begin_wait(cancelable::yes);
  if (!begun) {
    return fail(begun.error());
  }
  node.token = *begun;
  queue.push_back(node);
  hold.unlock();
  const wake_reason reason = park(node.token, until, {what, this});
  if (reason == wake_reason::ready) {
    return {};
  }
  hold.lock();
  queue.remove(node);
  return fail(error_of_wait(reason));
}

bool channel_base::withdraw(wait_queue& queue, wait_node& node) noexcept {
  if (!node.served) {
    biased_hold hold(lock_);
    queue.remove(node);
  }
  return node.served;
}

arm_step channel_base::enlist(wait_queue& own, wait_node& node, wait_queue& partners,
                              wait_node*& partner) noexcept {
  bool claimed = false;
  for (wait_node* other = partners.front(); other;) {
    wait_node* const next = partners.after(*other);
    if (other->token.who != node.token.who) {
      if (!claimed && !claim_wait(node.token)) {
        return arm_step::lost;
      }
      claimed = true;
      partners.remove(*other);
      if (other->claim()) {
        partner = other;
        return arm_step::done;
      }
    }
    other = next;
  }
  if (claimed) {
    return arm_step::again;
  }
  own.push_back(node);
  return arm_step::waiting;
}

}  // namespace weft::detail
