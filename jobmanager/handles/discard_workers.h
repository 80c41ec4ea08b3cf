#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/base/random.h"
#include "common/concurrency/executor.h"
#include "jobmanager/blob/blob_store.h"
#include "jobmanager/checkpoint/handle_discarder.h"
#include "jobmanager/resources/resource_manager.h"

namespace weir::jobmanager {

/// Discards users' state handles in worker processes that task managers start for it: one at a time
/// for each program, which takes what waits for it, as much as one message may hold.
///
/// A worker asks before each call and says when it is made, so that no handle is discarded twice
/// when it dies or is lost: the one at hand counts as discarded, with an error, the others go to
/// the next worker. After four workers in a row that did not begin, or without a task manager, the
/// rest is given up; what was discarded of it is remembered, for the next attempt of its owner.
/// Such a worker takes no slot. Threads: the strand.
class DiscardWorkers final : public HandleDiscarder {
 public:
  struct Settings {
    LeaderEpoch epoch;
    Duration no_progress = std::chrono::seconds(60);        ///< Then a worker is killed.
    Duration task_manager_wait = std::chrono::seconds(10);  ///< For one to register.
    Duration pause = std::chrono::milliseconds(200);        ///< Before the next worker; it grows.
    std::uint64_t most_bytes = 4 << 20;  ///< Of handles for one worker, but one in any case.
  };

  /// The references outlive this.
  DiscardWorkers(concurrency::Executor& strand,
                 Random& random,
                 ResourceManager& resources,
                 blob::BlobStore& blobs,
                 Settings settings);
  ~DiscardWorkers() override;

  void discard(HandleDiscard what, Callback<std::vector<std::string>> done) override;
  /// True when the report was about one of its workers.
  bool report(const runtime::TaskManagerReport& report);
  void taskManagerLost(TaskManagerId id, const std::string& reason);
  /// Gives up everything that is not discarded yet.
  void stop(const std::string& reason);

 private:
  struct Request;
  struct Item;
  struct Run;
  using Runs = std::map<JobId, std::unique_ptr<Run>>;

  Run& runOf(const std::shared_ptr<const runtime::JobProgram>& program);
  Run* find(const runtime::ExecutionId& execution);
  void start(Run& run);
  void takeWaiting(Run& run) const;
  void deploy(Run& run, TaskManagerId where);
  void watch(Run& run);
  void handleReport(Run& run, const runtime::HandleDiscarded& report);
  void workerGone(Run& run, const std::string& cause);
  void giveUp(Run& run, const Error& why);
  void release(Run& run);

  concurrency::Executor& strand_;
  Random& random_;
  ResourceManager& resources_;
  blob::BlobStore& blobs_;
  const Settings settings_;
  Runs runs_;                          // By the job id that its workers go by.
  std::deque<OwnedHandle> discarded_;  // The last ones of owners that were given up.
};

}  // namespace weir::jobmanager
