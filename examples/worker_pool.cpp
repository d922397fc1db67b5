// A pool of workers that take jobs from one channel and put results into another.
//
//   worker_pool [jobs [workers]]        default 20 jobs for 4 workers
//
// The channels are bounded: who produces jobs faster than they are done waits, and Ctrl-C ends all.

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include <weft/io/run.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/sync/channel.hpp>
#include <weft/sync/task_group.hpp>

using namespace std::chrono_literals;

struct job {
  int number;
};
struct outcome {
  int number;
  int worker;
};

weft::result<void> work(int self, weft::channel<job>& jobs, weft::channel<outcome>& outcomes) {
  for (const job& next : jobs) {
    if (auto slept = weft::sleep_for(10ms * (next.number % 3 + 1)); !slept) {
      return slept;
    }
    if (auto sent = outcomes.send({next.number, self}); !sent) {
      return sent;
    }
  }
  return weft::check_cancel();
}

weft::result<void> run(int job_count, int worker_count) {
  weft::channel<job> jobs(8);
  weft::channel<outcome> outcomes(8);
  weft::task_group pool;
  for (int i = 0; i < worker_count; ++i) {
    pool.spawn([&, i] { return work(i, jobs, outcomes); });
  }
  weft::task_group feeding;
  feeding.spawn([&]() -> weft::result<void> {
    for (int i = 0; i < job_count; ++i) {
      if (auto sent = jobs.send({i}); !sent) {
        return sent;
      }
    }
    jobs.close();  // the workers finish what is in it,
    auto done = pool.wait();
    outcomes.close();  // and when they are through there will be no more results
    return done;
  });
  for (const outcome& o : outcomes) {
    std::printf("worker %d has done job %d\n", o.worker, o.number);
  }
  return feeding.wait();
}

int main(int argc, char** argv) {
  const int jobs = argc > 1 ? std::atoi(argv[1]) : 20;
  const int workers = argc > 2 ? std::atoi(argv[2]) : 4;
  return weft::run_main([=] { return run(jobs, workers); });
}
