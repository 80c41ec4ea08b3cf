#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace weir::functions {

/// What one operator has been given to do; lives as long as the operator.
struct Work {
  std::string operator_name;
  std::uint64_t records = 0;  ///< That have come in, with those of the batch at work; of a source,
                              ///< that have gone out.
};

/// Which operator's code runs on this thread, and which one an exception came out of.
struct WorkOfThread {
  const Work* current = nullptr;  ///< Null between batches.
  const Work* thrower = nullptr;  ///< The innermost that an exception has left; until it is reset.
};

/// Of the calling thread. May be called by a signal handler on a thread that has called it before.
WorkOfThread& workOfThread() noexcept;

/// Marks an operator as being at work for a scope, one a batch. Operators nest: a chained one runs
/// within its producer.
class AtWork {
 public:
  AtWork(Work& work, std::size_t records) noexcept;
  ~AtWork();
  AtWork(const AtWork&) = delete;
  AtWork& operator=(const AtWork&) = delete;

 private:
  WorkOfThread& thread_;
  const Work* before_;
  int exceptions_;
};

}  // namespace weir::functions
