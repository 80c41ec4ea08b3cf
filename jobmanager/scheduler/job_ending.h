#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <variant>

#include "common/base/ids.h"
#include "common/runtime/client_messages.h"
#include "jobmanager/checkpoint/checkpoint_coordinator.h"
#include "jobmanager/ha/checkpoint_pointer.h"
#include "jobmanager/ha/leader_store.h"
#include "jobmanager/scheduler/job_events.h"
#include "jobmanager/scheduler/job_listener.h"
#include "jobmanager/scheduler/job_restore.h"
#include "jobmanager/scheduler/job_savepoints.h"
#include "jobmanager/scheduler/job_states.h"
#include "jobmanager/scheduler/take_up_gate.h"

namespace weir::jobmanager {

/// The end of a job, from its last attempt to its result. What the job came to is stored first, so
/// that it is not taken up again from what goes then: its checkpoints, its marks, and at last the
/// job in the store. Where its job manager dies on the way, the next one goes on.
///
/// Lives as long as its job. Threads: the strand.
class JobEnding {
 public:
  /// What it works with. All of it outlives the ending.
  struct Parts {
    ha::LeaderStore& store;
    JobStates& states;
    JobEvents& events;
    CheckpointCoordinator& coordinator;
    const JobRestore& restore;
    JobSavepoints& savepoints;
    JobListener& listener;
    TakeUpGate& take_up;
  };
  /// `local`: who submitted the job shows its end, and no log needs to warn of it.
  JobEnding(JobId job, const Parts& parts, bool local, std::int64_t start_millis)
      : job_(job), parts_(parts), local_(local), start_millis_(start_millis) {}

  /// It is to end in CANCELED, also where this job manager dies: answers with ok, once that is
  /// stored.
  void cancelled(Callback<std::monostate> done);
  /// Once. The job has come to this terminal state; `failure` is why, if it is FAILED, and then its
  /// latest checkpoint stays. Its followers are told, then `done` is called.
  void run(runtime::JobState terminal, const std::string& failure, std::function<void()> done);
  /// Once, instead: goes on with what an earlier leader had `stored`, with a result.
  void resume(const ha::JobCheckpoints& stored, std::function<void()> done);

  std::int64_t startMillis() const { return start_millis_; }
  /// -1 until it has ended.
  std::int64_t endMillis() const { return end_millis_; }

 private:
  void discard(bool keep_latest);
  void release();
  void forget();
  void ended();

  const JobId job_;
  const Parts parts_;
  const bool local_;
  const std::int64_t start_millis_;
  std::int64_t end_millis_ = -1;
  runtime::JobResult result_;  // From when it is ending.
  std::function<void()> done_;
};

}  // namespace weir::jobmanager
