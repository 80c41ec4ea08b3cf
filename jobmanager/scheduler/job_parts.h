#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/runtime/client_messages.h"
#include "jobmanager/checkpoint/checkpoint_coordinator.h"
#include "jobmanager/scheduler/attempt_job.h"
#include "jobmanager/scheduler/directory_probe.h"
#include "jobmanager/scheduler/job_adoption.h"
#include "jobmanager/scheduler/job_ending.h"
#include "jobmanager/scheduler/job_events.h"
#include "jobmanager/scheduler/job_listener.h"
#include "jobmanager/scheduler/job_options.h"
#include "jobmanager/scheduler/job_restore.h"
#include "jobmanager/scheduler/job_savepoints.h"
#include "jobmanager/scheduler/job_states.h"
#include "jobmanager/scheduler/job_stop.h"
#include "jobmanager/scheduler/job_tasks.h"
#include "jobmanager/scheduler/job_view.h"
#include "jobmanager/scheduler/restarts.h"
#include "jobmanager/scheduler/savepoint_take_over.h"
#include "jobmanager/scheduler/take_up_gate.h"

namespace weir::jobmanager {

/// What one job is run with, over all its attempts, each part wired to those that it works with.
/// Decides nothing. Lives as long as its job. Threads: the strand.
struct JobParts {
  /// The references outlive it. See JobMaster for `submitted_millis`.
  JobParts(const JobServices& services,
           const JobOptions& options,
           const runtime::SubmitRequest& request,
           JobListener& listener,
           std::int64_t submitted_millis);

  const graph::JobGraph& graph() const { return states.graph().graph(); }
  /// For sentences: "job 0123… ('name')".
  std::string label() const;
  /// What each attempt of it is made with.
  AttemptJob attempts(const JobServices& services, const JobOptions& options);
  /// Has `again` run after a pause, and says how it waits; nothing when it is not to run again.
  std::optional<std::string> pause(const runtime::ExecutionId& failed,
                                   const std::string& failure,
                                   const std::function<void()>& again);
  /// As it is listed. `waiting`: a clause that continues "waits"; empty when nothing holds it up.
  runtime::JobSummary summary(const std::string& failure, std::string waiting) const;
  /// Such a clause, of a job that restores.
  std::string readsFor() const;
  /// Such a clause, where it is not for the attempt to say what holds the job up.
  std::optional<std::string> waitsFor() const;
  /// Whether the checkpoints that an earlier leader stored are not known yet.
  bool reading() const { return take_over.running() || restore.unread(); }
  /// Tells the log what is run, and how. Of a job that is `again` taken up, requests wait from now
  /// on.
  void begin(bool again, const JobOptions& options);

  const JobId id;
  const runtime::Program program;
  JobEvents events;
  JobStates states;
  JobTasks tasks;
  const std::shared_ptr<const JobOutline> outline;  // Shared with views, which outlive the job.
  Restarts restarts;
  CheckpointCoordinator coordinator;
  JobSavepoints savepoints;
  JobStop stop;
  bool taken_up = false;  // By a later leader than the one that it was submitted to.
  TakeUpGate take_up;
  DirectoryProbe probe;
  SavepointTakeOver take_over;
  JobAdoption adoption;
  JobRestore restore;
  JobEnding ending;
};

}  // namespace weir::jobmanager
