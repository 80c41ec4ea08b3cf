#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "jobmanager/checkpoint/checkpointed_tasks.h"
#include "jobmanager/checkpoint/left_savepoints.h"
#include "jobmanager/ha/checkpoint_pointer.h"
#include "jobmanager/ha/job_store.h"
#include "jobmanager/savepoint/savepoint_store.h"
#include "jobmanager/scheduler/job_savepoints.h"

namespace weir::jobmanager {

/// Brings the savepoints of one job to their end over which an earlier leader has died: what is
/// whole is completed, of the rest everything is removed, and its clients are answered.
///
/// Where a savepoint's directory cannot be looked at, it is left to the next leader, and its client
/// is told. Lives as long as its job. Threads: the strand; callbacks come on it.
class SavepointTakeOver {
 public:
  /// All of it outlives the take-over. `label` is the job's, for sentences.
  SavepointTakeOver(JobId job,
                    std::string label,
                    LeftSavepointJob outline,
                    SavepointStore& store,
                    JobSavepoints& savepoints,
                    CheckpointedTasks& tasks,
                    std::function<void(const ha::SavepointAnswer&)> answer);

  /// Once. Hands on what is known of the job's checkpoints then; of those that it completes, that
  /// is stored before. Perhaps within the call.
  void run(ha::JobCheckpoints stored, std::function<void(ha::JobCheckpoints)> done);
  bool running() const { return running_; }
  /// Whether a client of one that was completed wants the job cancelled.
  bool cancels() const { return cancels_; }

 private:
  /// What a client is answered.
  struct End {
    ha::BegunSavepoint savepoint;
    Result<runtime::SavepointResult> result;
  };

  void look(const ha::BegunSavepoint& savepoint);
  void seen(const ha::BegunSavepoint& savepoint,
            const Result<std::optional<SavepointStore::Opened>>& found);
  void cutShort(const ha::BegunSavepoint& savepoint);
  void stored(const Status& written);
  void handOn();
  void mark(CheckpointId id, const std::string& path);

  const JobId job_;
  const std::string label_;
  const LeftSavepointJob outline_;
  SavepointStore& store_;
  JobSavepoints& savepoints_;
  CheckpointedTasks& tasks_;  // The job's; they write to the store of jobs.
  const std::function<void(const ha::SavepointAnswer&)> answer_;
  bool running_ = false;
  bool cancels_ = false;
  std::size_t looking_ = 0;      // At so many.
  ha::JobCheckpoints stored_;    // With nothing completed, and without what was cut short.
  ha::JobCheckpoints complete_;  // With what is whole completed.
  std::vector<End> ends_;
  std::function<void(ha::JobCheckpoints)> done_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // Watched by answers.
};

}  // namespace weir::jobmanager
