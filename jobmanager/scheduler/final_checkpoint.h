#pragma once

#include <memory>

#include "common/base/clock.h"
#include "common/concurrency/executor.h"
#include "jobmanager/checkpoint/checkpoint_coordinator.h"
#include "jobmanager/resources/callback.h"

namespace weir::jobmanager {

/// The checkpoint that a job takes when its inputs have ended, before it finishes.
///
/// One that fails is taken again after a pause, a few times. Belongs to one attempt. Threads: the
/// strand.
class FinalCheckpoint {
 public:
  /// Both outlive it.
  FinalCheckpoint(CheckpointCoordinator& coordinator, concurrency::Executor& strand, Duration pause)
      : coordinator_(coordinator), strand_(strand), pause_(pause) {}

  /// Once. Answers when one is complete, or with why the last try failed; not after cancel().
  void take(Callback<CheckpointId> done);
  void cancel();

 private:
  void tryOnce();

  CheckpointCoordinator& coordinator_;
  concurrency::Executor& strand_;
  const Duration pause_;
  int failures_ = 0;
  Callback<CheckpointId> done_;
  std::unique_ptr<concurrency::Executor::Timer> pausing_;
};

}  // namespace weir::jobmanager
