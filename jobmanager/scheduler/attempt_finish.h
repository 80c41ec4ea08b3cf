#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "common/concurrency/executor.h"
#include "common/runtime/job_state.h"
#include "jobmanager/checkpoint/checkpoint_coordinator.h"
#include "jobmanager/scheduler/final_checkpoint.h"
#include "jobmanager/scheduler/job_states.h"

namespace weir::jobmanager {

/// How an attempt whose tasks run ends in order: once all its inputs have ended, after a final
/// checkpoint; or when its job is stopped, after the savepoint of that. Then its tasks finish.
///
/// Belongs to one attempt. Threads: the strand.
class AttemptFinish {
 public:
  /// What it works with. All but `label`, how sentences name the job, outlives it.
  struct Parts {
    const JobStates& states;
    CheckpointCoordinator& coordinator;
    concurrency::Executor& strand;
    std::string label;
  };
  struct Events {
    std::function<void()> order;  ///< The tasks are to finish.
    std::function<void(const Error&)> fail;
    std::function<void()> over;  ///< All have, and some worker of them was not reaped in time.
  };

  AttemptFinish(Parts parts, Events events);

  /// All tasks run. They only commit if the job has `stopped`.
  void begin(bool stopped);
  /// Something has changed: a task, or a savepoint that it may have waited for has ended.
  void proceed();
  /// The attempt ends otherwise, or is over.
  void cancel();

  /// Whether its inputs are open still, so that it can be stopped.
  bool mayStop() const { return phase_ == Phase::kOpen; }
  /// A savepoint that stops it was ordered. One of the next two follows, unless it ends.
  void stopping() { phase_ = Phase::kStopping; }
  /// That savepoint is complete: the tasks finish.
  void stopped();
  /// It failed. Drained sources cannot go on: the attempt fails.
  void stopFailed(runtime::StopMode mode, const Error& why);

  /// A clause that continues "waits"; empty when it waits for no snapshot.
  std::string waitsFor() const;

 private:
  enum class Phase : std::uint8_t {
    kIdle,             ///< Not all tasks run yet, or it ends otherwise.
    kOpen,             ///< Checkpoints are taken.
    kStopping,         ///< A savepoint is taken behind which sources emit nothing.
    kFinalCheckpoint,  ///< All inputs have ended.
    kDrained,          ///< Its last snapshot is complete; savepoints may be on their way.
    kOrdered,          ///< The tasks were told to finish.
  };

  void takeFinalCheckpoint();
  void order();

  const Parts parts_;
  const Events events_;
  FinalCheckpoint final_checkpoint_;
  Phase phase_ = Phase::kIdle;
  std::unique_ptr<concurrency::Executor::Timer> reap_deadline_;  // All tasks are FINISHED.
};

}  // namespace weir::jobmanager
