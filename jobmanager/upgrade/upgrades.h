#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "common/base/random.h"
#include "jobmanager/ha/operation_log.h"
#include "jobmanager/upgrade/upgrade_run.h"

namespace weir::jobmanager {

/// All upgrades of a job manager, each once however often it is asked for, and one at a time for a
/// job. Threads: the strand.
class Upgrades {
 public:
  /// All of it outlives the upgrades.
  Upgrades(const UpgradeRun::Parts& parts, Random& random) : parts_(parts), random_(random) {}

  /// A refusal comes before the job is stopped; see UpgradeRun for the rest. Whoever joins one that
  /// goes on is told from there on.
  void upgrade(const runtime::UpgradeRequest& request,
               runtime::UpgradeNoticeSink told,
               Callback<runtime::UpgradeReply> done);

  /// What an earlier leader has stored, before its jobs are taken up again.
  void resume(std::vector<ha::StoredUpgrade> upgrades, const std::vector<ha::StoredJob>& jobs);
  /// They are.
  void start();

  /// Something has changed of a job, or it has ended.
  void changed(JobId job);
  /// As JobListener::savepointEnded(); of any client.
  void savepointEnded(const ha::SavepointAnswer& answer);
  /// As JobListener::jobEnding().
  void jobEnding(JobId job, const runtime::JobResult& result, std::function<void()> forget);

  /// None begins or goes on from now on, as jobs end. Who waits is answered with `why`.
  void close(const Error& why);
  /// The same, and jobs are let go as they are.
  void drop(const Error& why);

 private:
  using Runs = std::map<OperationId, std::unique_ptr<UpgradeRun>>;

  void begin(const runtime::UpgradeRequest& request, runtime::UpgradeNoticeSink told);
  Status mayBegin(const runtime::UpgradeRequest& request) const;
  Result<UpgradeRun*> prepare(const runtime::UpgradeRequest& request);
  UpgradeRun& add(ha::StoredUpgrade upgrade);
  UpgradeRun* of(JobId job) const;
  void answered(OperationId operation, const Result<runtime::UpgradeReply>& reply);
  void releaseUnused(const UpgradeRun& run);

  const UpgradeRun::Parts parts_;
  Random& random_;
  std::optional<Error> closed_;
  ha::OperationLog<runtime::UpgradeReply> log_;
  Runs runs_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // Watched by posted calls.
};

}  // namespace weir::jobmanager
