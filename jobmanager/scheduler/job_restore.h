#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/ids.h"
#include "common/concurrency/executor.h"
#include "common/graph/job_graph.h"
#include "common/runtime/client_messages.h"
#include "common/snapshot/state_matching.h"
#include "jobmanager/checkpoint/checkpoint_coordinator.h"
#include "jobmanager/checkpoint/file_work.h"
#include "jobmanager/ha/checkpoint_pointer.h"
#include "jobmanager/resources/callback.h"
#include "jobmanager/savepoint/savepoint_store.h"
#include "jobmanager/scheduler/job_savepoints.h"

namespace weir::jobmanager {

/// What the attempts of a job start from: its latest checkpoint, else the savepoint that it was
/// submitted with, else nothing. Opens that savepoint, matches its state to the job's graph, and
/// has it marked.
///
/// Lives as long as its job. Threads: the strand.
class JobRestore {
 public:
  /// All but the request outlive it. `directory` is that of the job's checkpoints.
  JobRestore(JobId job,
             const CheckpointServices& services,
             const std::string& directory,
             std::uint64_t metadata_limit,
             std::optional<runtime::RestoreRequest> request,
             const graph::JobGraph& graph,
             SavepointStore& store,
             JobSavepoints& savepoints,
             CheckpointCoordinator& coordinator);

  /// Once. Of a job that is taken up again, reads the checkpoints that were stored for it, oldest
  /// first; of another one, or without such, the savepoint. Answers when that is marked, or with
  /// the reason why nothing can start from it. The job's checkpoints go on with the number after
  /// it. What a job that is taken up again needs, and what cannot be read for now, is read again
  /// and again, after pauses of at most half a minute: only bytes that are there and wrong end it.
  void open(std::optional<ha::JobCheckpoints> stored, Callback<runtime::RestoreReport> done);
  /// There are checkpoints of an earlier leader that were not, or could not be, read.
  bool unread() const { return unread_; }
  /// Why what is needed is read again after a pause; empty: it is not.
  const std::string& away() const { return away_; }
  /// The job ends: nothing is waited for any more.
  void stopWaiting();

  /// Of the savepoint, as the user named it; empty when there is none.
  std::string path() const { return request_ ? request_->path : std::string(); }
  runtime::Restores restores(AttemptId attempt) const;

 private:
  static constexpr Duration kFirstPause = std::chrono::seconds(1);
  static constexpr Duration kLongestPause = std::chrono::seconds(30);

  void openSavepoint(bool taken_up, Callback<runtime::RestoreReport> done);
  void tryAgain(const Error& why,
                std::function<void()> read,
                Callback<runtime::RestoreReport> done);
  void read(ha::JobCheckpoints stored, Callback<runtime::RestoreReport> done);
  void match(SavepointStore::Opened opened, Callback<runtime::RestoreReport> done);

  const JobId job_;
  concurrency::Executor& strand_;
  fs::FileSystem& files_;
  const std::uint64_t metadata_limit_;
  const std::optional<runtime::RestoreRequest> request_;
  const graph::JobGraph& graph_;
  SavepointStore& store_;
  JobSavepoints& savepoints_;
  CheckpointCoordinator& coordinator_;
  bool unread_ = false;
  bool stopped_ = false;
  Duration pause_ = kFirstPause;
  std::string away_;
  std::function<void()> give_up_;                        // While it pauses.
  std::unique_ptr<concurrency::Executor::Timer> again_;  // Likewise.
  FileWork work_;
  snapshot::RestorePlan plan_;                                  // Of the savepoint.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // Watched by the store's answer.
};

}  // namespace weir::jobmanager
