#include "strads/parallel.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <limits>
#include <mutex>
#include <thread>
#include <vector>

#include "coordinator/wire/pause.h"

namespace strads {
namespace {

constexpr int kSpins = 2000;
// More ranges than threads, so that one slow range does not leave the other threads idle.
constexpr int64_t kRangesPerThread = 4;

// One ParallelFor: lives on the stack of its caller.
struct Loop {
  RangeBody body;
  int64_t count;
  int64_t ranges;
  std::atomic<int64_t> next = 0;
  std::atomic<bool> failed = false;
  std::mutex mutex = {};
  int64_t failed_range = std::numeric_limits<int64_t>::max();
  std::exception_ptr failure = nullptr;

  // Ranges are claimed in ascending order and a claimed range always runs, so whatever is lower
  // than a failed range runs too: the lowest failure does not depend on timing.
  void Run() {
    while (!failed.load(std::memory_order_relaxed)) {
      const int64_t range = next.fetch_add(1, std::memory_order_relaxed);
      if (range >= ranges) return;
      try {
        body(Begin(range), Begin(range + 1));
      } catch (...) {
        const std::lock_guard lock(mutex);
        failed = true;
        if (range < failed_range) {
          failed_range = range;
          failure = std::current_exception();
        }
      }
    }
  }

  int64_t Begin(int64_t range) const {
    return count / ranges * range + std::min(range, count % ranges);
  }
};

}  // namespace

struct ThreadPool::Impl {
  std::mutex mutex;
  std::condition_variable wake, idle;
  Loop* loop = nullptr;  // open to be joined
  std::atomic<uint64_t> generation = 0;
  std::atomic<int> active = 0;  // helpers inside `loop`; changed only under the mutex
  std::atomic<bool> stop = false;
  std::vector<std::thread> helpers;

  ~Impl() {
    {
      const std::lock_guard lock(mutex);
      stop = true;
    }
    wake.notify_all();
    for (std::thread& helper : helpers) helper.join();
  }

  void Help() {
    uint64_t seen = 0;
    for (;;) {
      for (int i = 0; i < kSpins && generation == seen && !stop; ++i) wire::Pause();
      std::unique_lock lock(mutex);
      wake.wait(lock, [&] { return stop || generation != seen; });
      if (stop) return;
      seen = generation;
      if (loop == nullptr) continue;
      Loop* const joined = loop;
      ++active;
      lock.unlock();
      joined->Run();
      lock.lock();
      if (--active == 0) idle.notify_one();
    }
  }

  void Run(Loop& own) {
    {
      const std::lock_guard lock(mutex);
      loop = &own;
      ++generation;
    }
    wake.notify_all();
    own.Run();
    std::unique_lock lock(mutex);
    loop = nullptr;  // a helper that wakes up only now must not touch it
    for (int i = 0; i < kSpins && active > 0; ++i) {
      lock.unlock();
      wire::Pause();
      lock.lock();
    }
    idle.wait(lock, [&] { return active == 0; });
  }
};

ThreadPool::ThreadPool(int threads) : impl_(std::make_unique<Impl>()) {
  for (int i = 1; i < threads; ++i)
    impl_->helpers.emplace_back([impl = impl_.get()] { impl->Help(); });
}
ThreadPool::ThreadPool(ThreadPool&&) noexcept = default;
ThreadPool& ThreadPool::operator=(ThreadPool&&) noexcept = default;
ThreadPool::~ThreadPool() = default;

int ThreadPool::threads() const { return static_cast<int>(impl_->helpers.size()) + 1; }

void ThreadPool::ParallelFor(int64_t count, RangeBody body, int64_t grain) {
  if (count <= 0) return;
  const int64_t most = std::max<int64_t>(1, count / std::max<int64_t>(1, grain));
  if (threads() == 1 || most == 1) return body(0, count);
  Loop loop{.body = body, .count = count, .ranges = std::min(most, kRangesPerThread * threads())};
  impl_->Run(loop);
  if (loop.failure) std::rethrow_exception(loop.failure);
}

}  // namespace strads
