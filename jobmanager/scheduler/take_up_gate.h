#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "common/base/clock.h"
#include "common/base/ids.h"
#include "common/concurrency/executor.h"

namespace weir::jobmanager {

/// Where requests wait that meet a job while a later leader takes it up again: until all of its
/// tasks run, or it is known that they will not soon, or the time is over.
///
/// Lives as long as its job. Threads: the strand.
class TakeUpGate {
 public:
  /// `strand` outlives it.
  TakeUpGate(JobId job, concurrency::Executor& strand) : job_(job), strand_(strand) {}
  /// As open().
  ~TakeUpGate() { open(); }
  TakeUpGate(const TakeUpGate&) = delete;
  TakeUpGate& operator=(const TakeUpGate&) = delete;

  /// Who comes from now on waits, for at most `wait` from now.
  void close(Duration wait);
  /// For good: those who wait go on soon, in their order, perhaps after the end of the gate.
  void open();
  /// Calls `then` once, now or when it is open.
  void pass(std::function<void()> then);

 private:
  const JobId job_;
  concurrency::Executor& strand_;
  std::unique_ptr<concurrency::Executor::Timer> closed_until_;  // Null: open.
  std::vector<std::function<void()>> waiting_;
};

}  // namespace weir::jobmanager
