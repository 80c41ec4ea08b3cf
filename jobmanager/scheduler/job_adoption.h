#pragma once

#include <memory>
#include <optional>
#include <string>

#include "common/base/error.h"
#include "common/runtime/adoption.h"
#include "common/runtime/messages.h"
#include "jobmanager/ha/checkpoint_pointer.h"
#include "jobmanager/ha/deployed_attempt.h"
#include "jobmanager/resources/callback.h"
#include "jobmanager/scheduler/adoption.h"

namespace weir::jobmanager {

/// The attempt of an earlier leader, where a job that is taken up again has one: whether it may be
/// gone on with at all, what its task managers tell, and what came of it.
///
/// Lives as long as its job. Threads: the strand.
class JobAdoption {
 public:
  /// The references outlive it. `directory` is that of the job's checkpoints.
  JobAdoption(JobId job, Adoption::Environment environment, std::string directory)
      : job_(job), environment_(environment), directory_(std::move(directory)) {}

  /// Listens for at most `wait`. `stored` is what is known of the job's checkpoints.
  void begin(const ha::JobCheckpoints& stored, ha::DeployedAttempt attempt, Duration wait);
  /// Savepoints that were begun are settled: this is known now.
  void settled(const ha::JobCheckpoints& stored);
  /// Whether there is an attempt that nothing is decided about.
  bool undecided() const { return adoption_ != nullptr && !adoption_->decided(); }

  /// As Adoption has them, while it is undecided.
  void decide(Callback<HeldTasks> done);
  void giveUp(const Error& why) { adoption_->giveUp(why); }
  const ha::DeployedAttempt& attempt() const { return adoption_->attempt(); }
  std::string waitsFor() const { return adoption_->waitsFor(); }

  /// False when the report is not about it.
  bool report(TaskManagerId from, const runtime::TaskManagerReport& report);
  /// A task manager has registered, with what it holds.
  void registered(TaskManagerId id, const runtime::Holdings& holdings);
  /// It has said all that it knows of an attempt of an earlier leader, which may be another one.
  void told(TaskManagerId from, const runtime::ExecutionId& execution);
  void lost(TaskManagerId id, const std::string& reason);

  /// What came of it, for people; empty before that is known.
  const std::string& outcome() const { return outcome_; }

 private:
  void decided(const Result<HeldTasks>& held);

  const JobId job_;
  const Adoption::Environment environment_;
  const std::string directory_;
  std::unique_ptr<Adoption> adoption_;
  std::optional<Error> refused_;  // Whatever its task managers say.
  std::string outcome_;
};

}  // namespace weir::jobmanager
