#pragma once

#include <cstdint>
#include <memory>
#include <type_traits>

namespace strads {

// A borrowed reference to a callable (begin, end) -> void; it must outlive the call it is passed
// to.
class RangeBody {
 public:
  template <class F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, RangeBody>)
      RangeBody(F&& body)  // NOLINT(google-explicit-constructor): a lambda is passed as it is
      : body_(const_cast<void*>(static_cast<const void*>(std::addressof(body)))),
        call_([](void* f, int64_t begin, int64_t end) {
          (*static_cast<std::remove_reference_t<F>*>(f))(begin, end);
        }) {}
  void operator()(int64_t begin, int64_t end) const { call_(body_, begin, end); }

 private:
  void* body_;
  void (*call_)(void*, int64_t, int64_t);
};

// Threads that stay alive between loops; idle ones sleep after a spin of some microseconds.
class ThreadPool {
 public:
  // The caller of ParallelFor is one of the `threads` (fewer than 1 count as 1), so 1 starts none.
  explicit ThreadPool(int threads);
  ThreadPool(ThreadPool&&) noexcept;
  ThreadPool& operator=(ThreadPool&&) noexcept;
  ~ThreadPool();

  // At least 1.
  int threads() const;

  // Calls body(begin, end) on disjoint ranges of at least min(grain, count) items that cover
  // [0, count), and returns when all are done. Ranges start in ascending order; their number and
  // the thread that runs one are no part of any contract. If bodies throw, no further range is
  // started and the exception of the lowest range is rethrown, the same for every number of
  // threads. Not to be called from inside a body, nor by two threads at once. Costs about 5 us with
  // more than one thread, nothing with one.
  void ParallelFor(int64_t count, RangeBody body, int64_t grain = 1);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace strads
