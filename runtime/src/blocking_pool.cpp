#include "blocking_pool.hpp"

#include <system_error>
#include <thread>

#include "thread_wait.hpp"

namespace weft::detail {

result<void> blocking_pool::submit(blocking_job& job) noexcept {
  std::unique_lock hold(mutex_);
  if (stopping_) {
    return fail(errc::shutting_down);
  }
  if (queued_ >= idle_ && threads_ < options_.max_threads) {
    if (auto started = start_thread(); !started && threads_ == 0) {
      return started;
    }
  }
  job.next = nullptr;
  job.previous = last_;
  (last_ ? last_->next : first_) = &job;
  last_ = &job;
  job.queued = true;
  ++queued_;
  ++submitted_;
  hold.unlock();
  work_.notify_one();
  return {};
}

bool blocking_pool::withdraw(blocking_job& job) noexcept {
  std::lock_guard hold(mutex_);
  if (!job.queued) {
    return false;
  }
  unlink(job);
  return true;
}

void blocking_pool::unlink(blocking_job& job) noexcept {
  (job.previous ? job.previous->next : first_) = job.next;
  (job.next ? job.next->previous : last_) = job.previous;
  job.queued = false;
  --queued_;
}

result<void> blocking_pool::start_thread() noexcept {
  try {
    std::thread([self = shared_from_this()] { self->work(); }).detach();
  } catch (const std::system_error& error) {
    return fail(error.code());
  } catch (const std::bad_alloc&) {
    return fail(make_error_code(std::errc::not_enough_memory));
  }
  ++threads_;
  return {};
}

void blocking_pool::work() noexcept {
  std::unique_lock hold(mutex_);
  while (blocking_job* job = next_job(hold)) {
    const bool abandonable = job->is_abandonable();
    if (abandonable) {
      ++abandonable_running_;
      ended_.notify_all();
    }
    hold.unlock();
    job->run(*job);  // the job may be gone afterwards
    hold.lock();
    if (abandonable) {
      --abandonable_running_;
    }
  }
  --threads_;
  ended_.notify_all();
}

blocking_job* blocking_pool::next_job(std::unique_lock<std::mutex>& hold) noexcept {
  const time_point give_up = deadline_after(options_.idle_time);
  for (;;) {
    if (blocking_job* job = first_) {
      unlink(*job);
      return job;
    }
    if (stopping_) {
      return nullptr;
    }
    const bool is_kept = threads_ <= options_.min_threads;
    if (!is_kept && clock::now() >= give_up) {
      return nullptr;
    }
    ++idle_;
    if (is_kept) {
      work_.wait(hold);
    } else {
      work_.wait_until(hold, within_reach(give_up));
    }
    --idle_;
  }
}

void blocking_pool::stop() noexcept {
  std::unique_lock hold(mutex_);
  stopping_ = true;
  for (blocking_job* job = first_; job;) {
    blocking_job* next = job->next;
    if (job->is_abandonable()) {
      unlink(*job);
      job->drop(*job);
    }
    job = next;
  }
  work_.notify_all();
  ended_.wait(hold, [this] { return threads_ == abandonable_running_; });
}

blocking_pool::statistics blocking_pool::count() noexcept {
  std::lock_guard hold(mutex_);
  return {.threads = threads_, .idle = idle_, .queued = queued_, .submitted = submitted_};
}

}  // namespace weft::detail
