#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "common/base/clock.h"
#include "common/base/ids.h"
#include "common/concurrency/executor.h"
#include "common/graph/job_graph.h"

namespace weir::jobmanager {

/// When the next periodic checkpoint of a job begins: one interval after the last, not before the
/// minimum pause is over, nor while as many as are allowed are not stored yet, nor while too many
/// removals are outstanding: a slow file system makes checkpoints rare, never many.
///
/// Lives as long as the job's coordinator. Threads: the strand.
class CheckpointPacer {
 public:
  struct Bounds {
    JobId job;
    std::size_t most_removals = 16;  ///< Outstanding at once, for the next one to begin.
  };

  /// `settings` outlives this. `removals` says how many are outstanding; `trigger` begins a
  /// periodic checkpoint, and calls began().
  CheckpointPacer(concurrency::Executor& strand,
                  const Clock& clock,
                  const graph::CheckpointSettings& settings,
                  Bounds bounds,
                  std::function<std::size_t()> removals,
                  std::function<void()> trigger);

  /// All tasks run: the first one is due in one interval, if any are wanted.
  void start();
  /// The next one is due now, unless none is wanted.
  void soon();
  /// None begins until start() is called again.
  void stop();

  /// A periodic checkpoint counts from began() until it was stored, or failed.
  void began() { ++unstored_; }
  void ended();
  /// A removal has ended: one that waits may begin.
  void removalEnded();

 private:
  void schedule(Duration delay);
  void tick();
  bool mustWait();
  void fireQueued();

  concurrency::Executor& strand_;  // Borrowed from the dispatcher's owner, like `clock_`.
  const Clock& clock_;
  const graph::CheckpointSettings& settings_;
  const Bounds bounds_;
  const std::function<std::size_t()> removals_;
  const std::function<void()> trigger_;
  bool queued_ = false;  // One is due and waits for room.
  SteadyTime last_end_{};
  std::size_t unstored_ = 0;
  bool removals_lag_ = false;  // Said once, until all are done.
  std::unique_ptr<concurrency::Executor::Timer> tick_;
};

}  // namespace weir::jobmanager
