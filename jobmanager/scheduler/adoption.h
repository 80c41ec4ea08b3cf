#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/base/error.h"
#include "common/concurrency/executor.h"
#include "common/graph/job_graph.h"
#include "common/runtime/adoption.h"
#include "common/runtime/messages.h"
#include "jobmanager/ha/deployed_attempt.h"
#include "jobmanager/resources/callback.h"
#include "jobmanager/resources/resource_manager.h"

namespace weir::jobmanager {

/// What its task managers say of an attempt that an earlier leader had deployed: all that its tasks
/// have come to.
struct HeldTasks {
  std::vector<runtime::TaskUpdate> updates;  ///< Failures first.
  std::vector<std::pair<TaskManagerId, runtime::WorkerExited>> exits;
  Duration took{};  ///< From the beginning of this leader's term.
};

/// Where it was deployed to.
Placement placementOf(const ha::DeployedAttempt& deployed);

/// For people: "adopted attempt 3 after 412 ms".
std::string adoptedAfter(AttemptId attempt, Duration took);

/// Finds out whether an attempt that an earlier leader had deployed still runs, so that this one
/// can go on with it.
///
/// It can once every task manager of it has said all that it knows, and every task was found to
/// run, or to have ended since it ran. Where one is lost, has let go of it, or says nothing in
/// time, nobody goes on with it: all others are told to end their workers at once, and their exits
/// are waited for, bounded, also those of task managers that have not registered yet: a worker that
/// still writes would leave a file behind in what is removed next. Who tells of it later is told
/// the same.
///
/// Belongs to one job. Threads: the strand.
class Adoption {
 public:
  struct Environment {
    const graph::JobGraph& graph;
    ResourceManager& resources;
    concurrency::Executor& strand;
    const Clock& clock;
  };

  /// Listens from now on. `wait`: for the task managers; decide() may come later. What the
  /// environment names outlives it.
  Adoption(Environment environment, ha::DeployedAttempt attempt, Duration wait);

  /// Answers once, perhaps inside of this or another call: with what all tasks have come to, or why
  /// nobody goes on with it, after its workers have ended. `refused`: nobody is to anyway.
  void decide(std::optional<Error> refused, Callback<HeldTasks> done);
  /// Nobody goes on with it. Before or after decide(), unless that has answered.
  void giveUp(const Error& why);

  void registered(TaskManagerId id, const runtime::Holdings& holdings);
  void report(TaskManagerId from, const runtime::TaskManagerReport& report);
  /// The task manager has said all that it knows.
  void told(TaskManagerId from);
  void lost(TaskManagerId id, const std::string& reason);

  const ha::DeployedAttempt& attempt() const { return attempt_; }
  bool decided() const { return phase_ == Phase::kDecided; }
  /// A clause that continues "waits".
  std::string waitsFor() const;

 private:
  enum class Phase : std::uint8_t {
    kHearing,  ///< Task managers tell what they hold.
    kEnding,   ///< Nobody goes on with it, and its workers are to end.
    kDecided,
  };

  void missed(const Error& why);
  bool haveAllTold() const;
  bool runsOn(TaskManagerId id) const;
  std::string hostOf(TaskManagerId id) const;
  void take(const runtime::TaskUpdate& update);
  void look();
  std::optional<Error> obstacle() const;
  std::string missing() const;
  void answerIfGone();
  void answer(Result<HeldTasks> result);

  const Environment environment_;
  const ha::DeployedAttempt attempt_;
  const SteadyTime began_;
  Phase phase_ = Phase::kHearing;
  Callback<HeldTasks> done_;       // Since decide().
  std::optional<Error> given_up_;  // Why nobody goes on with it.
  std::map<runtime::TaskId, runtime::TaskUpdate> tasks_;
  std::map<TaskManagerId, runtime::WorkerExited> exits_;
  std::set<TaskManagerId> told_;  // By whom all was said.
  std::set<TaskManagerId> gone_;  // That have no worker of it.
  std::set<TaskManagerId> live_;  // Where a worker is to end.
  std::unique_ptr<concurrency::Executor::Timer> deadline_;
  std::unique_ptr<concurrency::Executor::Timer> hurry_;  // Since a task was found to have failed.
};

}  // namespace weir::jobmanager
