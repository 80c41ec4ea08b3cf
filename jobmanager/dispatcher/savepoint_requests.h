#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "jobmanager/dispatcher/dispatcher_gateway.h"
#include "jobmanager/dispatcher/job_registry.h"
#include "jobmanager/ha/leader_store.h"
#include "jobmanager/ha/operation_log.h"
#include "jobmanager/savepoint/savepoint_store.h"

namespace weir::jobmanager {

/// What clients ask of savepoints: taking them and disposing them, each once however often it is
/// asked. The answer of a savepoint is stored before it is given. Threads: the strand.
class SavepointRequests {
 public:
  /// `ready` is called before a savepoint is answered. All of it outlives the requests.
  SavepointRequests(JobRegistry& jobs,
                    SavepointStore& savepoints,
                    ha::LeaderStore& store,
                    std::function<void()> ready)
      : jobs_(jobs), savepoints_(savepoints), store_(store), ready_(std::move(ready)) {}

  void take(const runtime::SavepointRequest& request,
            SavepointProgressSink progress,
            Callback<runtime::SavepointResult> done);
  void dispose(const runtime::DisposeRequest& request, Callback<runtime::DisposeReply> done);

  /// What earlier leaders have answered, and what they had begun: savepoints are answered by
  /// ended(), disposals go on with resumeDisposals().
  void remember(const ha::Term& term);
  /// Also of those that no leader has stored, and that are seen in the configured place.
  void resumeDisposals();
  void ended(const ha::SavepointAnswer& answer);
  /// No savepoint is taken from now on.
  void close(const Error& why) { closed_ = why; }
  /// Whoever waits is answered with `why`.
  void drop(const Error& why);

 private:
  void remember(const ha::SavepointAnswer& answer);
  void takeNew(const runtime::SavepointRequest& request);
  void takeNow(const runtime::SavepointRequest& request);
  void taken(OperationId operation, JobId job, const Result<runtime::SavepointResult>& result);
  void removeOne(const runtime::DisposeRequest& request);
  void disposed(const runtime::DisposeRequest& request, const Result<runtime::DisposeReply>& reply);
  void store(const runtime::DisposeRequest& request,
             std::optional<Result<runtime::DisposeReply>> answer,
             std::function<void()> then);

  JobRegistry& jobs_;
  SavepointStore& savepoints_;
  ha::LeaderStore& store_;
  const std::function<void()> ready_;
  std::optional<Error> closed_;
  bool dropped_ = false;  // Nothing is stored or removed any more.
  ha::OperationLog<runtime::SavepointResult> taken_;
  ha::OperationLog<runtime::DisposeReply> disposed_;
  std::map<OperationId, std::vector<SavepointProgressSink>> progress_;
  std::vector<runtime::DisposeRequest> cut_short_;              // Disposals of earlier leaders.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // Watched by those that wait.
};

}  // namespace weir::jobmanager
