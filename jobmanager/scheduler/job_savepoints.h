#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/runtime/client_messages.h"
#include "jobmanager/checkpoint/checkpoint_coordinator.h"
#include "jobmanager/ha/checkpoint_pointer.h"
#include "jobmanager/resources/callback.h"
#include "jobmanager/savepoint/savepoint_store.h"
#include "jobmanager/scheduler/job_states.h"

namespace weir::jobmanager {

/// Says whether a snapshot that all tasks have acknowledged may become a savepoint.
using SnapshotCheck = std::function<Status(const runtime::CheckpointMetadata&)>;

/// The savepoints of one job: takes new ones, and keeps the job's mark beside those that it would
/// recover from, so that nobody disposes them.
///
/// Lives as long as its job. Threads: the strand; callbacks come on it.
class JobSavepoints {
 public:
  /// All of it outlives it.
  JobSavepoints(JobId job,
                const JobStates& states,
                SavepointStore& store,
                CheckpointCoordinator& coordinator)
      : job_(job), states_(states), store_(store), coordinator_(coordinator) {}

  /// Refused, with the reason, while not all tasks run, and of a job that does not checkpoint. It
  /// fails where `check`, if there is one, does.
  void take(const runtime::SavepointRequest& request,
            SnapshotCheck check,
            std::function<void(const runtime::SavepointProgress&)> progress,
            Callback<runtime::SavepointResult> done);
  /// Whether all tasks run, and a savepoint may be taken in the configured place.
  Status mayTake() const { return mayTake({}); }
  /// The job starts from this one, or takes it over; `done` is called once the mark stands.
  void markRestored(const SavepointStore::Opened& savepoint, std::function<void()> done);
  /// The job was taken up again: an earlier leader has stored that its marks stand there.
  void resume(const std::vector<ha::MarkedSavepoint>& marks);
  /// Takes the marks away from all but the one that is the job's latest checkpoint now.
  void checkpointCompleted();
  /// Takes all marks away.
  void release(std::function<void()> done);

 private:
  void remember(CheckpointId id, const std::string& path);
  Status mayTake(const runtime::SavepointRequest& request) const;
  void keep(const std::string& place,
            const runtime::CheckpointMetadata& metadata,
            Callback<KeptSavepoint> kept);

  const JobId job_;
  const JobStates& states_;
  SavepointStore& store_;
  CheckpointCoordinator& coordinator_;
  std::map<CheckpointId, std::string> marked_;                  // Paths.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // Watched by the store's answers.
};

}  // namespace weir::jobmanager
