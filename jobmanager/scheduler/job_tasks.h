#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/runtime/messages.h"
#include "jobmanager/checkpoint/checkpoint_coordinator.h"
#include "jobmanager/ha/leader_store.h"
#include "jobmanager/scheduler/attempt.h"
#include "jobmanager/scheduler/directory_probe.h"
#include "jobmanager/scheduler/job_events.h"
#include "jobmanager/scheduler/job_states.h"

namespace weir::jobmanager {

/// The tasks of a job's latest attempt: what its coordinator orders goes to them, and what they
/// report is believed of that attempt and of their own task managers only.
///
/// Lives as long as its job. Threads: the strand.
class JobTasks final : public CheckpointedTasks {
 public:
  /// What it works with. All of it outlives the tasks, and may be made after them.
  struct Parts {
    ha::LeaderStore& store;
    const JobStates& states;
    JobEvents& events;
    CheckpointCoordinator& coordinator;
    DirectoryProbe& probe;
  };
  /// `completed` is called with each checkpoint that completes.
  JobTasks(JobId job, const Parts& parts, std::function<void()> completed);

  /// Its tasks are meant from now on.
  void follow(Attempt& attempt) { attempt_ = &attempt; }

  void report(TaskManagerId from, const runtime::TaskManagerReport& report);

  // CheckpointedTasks.
  void trigger(const runtime::CheckpointOrder& order) override;
  void notify(CheckpointId checkpoint, bool completed) override;
  std::string describe(const runtime::TaskId& task) const override;
  std::string hostOf(const runtime::TaskId& task) const override;
  std::string heldUp(const runtime::TaskId& task, std::int64_t since) const override;
  void point(ha::JobCheckpoints checkpoints, Callback<std::monostate> done) override;
  void checkpointCompleted(CheckpointId /*checkpoint*/) override { completed_(); }

 private:
  bool isCurrent(const runtime::ExecutionId& execution) const;
  bool speaksFor(TaskManagerId from, const runtime::TaskId& task) const;
  void acknowledged(TaskManagerId from, const runtime::CheckpointAck& ack);

  const JobId job_;
  const Parts parts_;
  const std::function<void()> completed_;
  Attempt* attempt_ = nullptr;  // The job's. No checkpoint is taken before there is one.
};

}  // namespace weir::jobmanager
