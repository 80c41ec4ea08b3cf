#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/rpc/leader_route.h"
#include "common/runtime/checkpoint_report.h"
#include "common/runtime/client_messages.h"
#include "common/runtime/upgrade_notice.h"

namespace weir::client {

/// What a client does when its job manager goes away and another one takes its jobs over: a request
/// is asked again, under its own id, until somebody has answered it. A standby that says who leads
/// is believed, whatever is set here.
struct FailOver {
  Duration longest{};  ///< How long it waits for the next one; zero: not at all.
  std::function<void(const rpc::Address&)> waits;     ///< Called whenever it begins to: for whom.
  std::function<Result<rpc::Address>()> locate = {};  ///< Asks who leads, where somebody knows.
};

/// A job manager, as clients see it: one blocking call per request, domain types only.
///
/// Errors carry what the job manager said, or kUnavailable naming its address. Belongs to one
/// thread, but for list().
class JobManagerClient {
 public:
  /// Connects, or says within `timeout` that nobody answers at `address`, or who does instead.
  /// Later calls that wait for nothing but an answer take `call_timeout` at most, and what
  /// `fail_over` allows.
  static Result<std::unique_ptr<JobManagerClient>> connect(const rpc::Address& address,
                                                           const config::Security& security,
                                                           Duration timeout,
                                                           Duration call_timeout,
                                                           FailOver fail_over = {});
  ~JobManagerClient();

  /// Uploads those of `files` (local paths) that the job manager does not have.
  Status upload(const std::vector<std::pair<runtime::BlobKey, std::string>>& files);
  Result<runtime::SubmitReply> submit(const runtime::SubmitRequest& request);
  /// Calls `sink` with every event of the job until its result, `sink` returns false, or
  /// `interrupted` is set. Where another job manager took over, the events begin anew, after
  /// `resumed` was called.
  Status follow(const JobId& job,
                const std::function<bool(const runtime::JobEvent&)>& sink,
                const std::atomic<bool>& interrupted,
                const std::function<Status()>& resumed = nullptr);
  /// Answers `within` this time, where one is given, and then waits for no other job manager. From
  /// any thread then.
  Result<std::vector<runtime::JobSummary>> list(std::optional<Duration> within = std::nullopt);
  Status cancel(const JobId& job);
  /// Triggers and waits; `progress` is called as subtasks acknowledge. kCancelled when
  /// `interrupted` is set meanwhile: the savepoint itself goes on.
  Result<runtime::SavepointResult> savepoint(
      const runtime::SavepointRequest& request,
      const std::function<void(const runtime::SavepointProgress&)>& progress,
      const std::atomic<bool>& interrupted);
  /// Waits until a job runs, of the one program or of the other; `told` hears what the upgrade does
  /// meanwhile, from the next job manager on perhaps again. kCancelled when `interrupted` is set
  /// meanwhile: the upgrade itself goes on.
  Result<runtime::UpgradeReply> upgrade(const runtime::UpgradeRequest& request,
                                        const runtime::UpgradeNoticeSink& told,
                                        const std::atomic<bool>& interrupted);
  Result<runtime::DisposeReply> dispose(const runtime::DisposeRequest& request);
  Result<std::vector<runtime::SavepointInfo>> listSavepoints();
  /// Those that are remembered, newest first; or the one named, with what each subtask did.
  Result<std::vector<runtime::CheckpointReport>> checkpoints(const JobId& job,
                                                             std::optional<CheckpointId> which);

 private:
  Status uploadMissing(const std::vector<std::pair<runtime::BlobKey, std::string>>& files);
  Status followOnce(const JobId& job,
                    const std::function<bool(const runtime::JobEvent&)>& sink,
                    const std::atomic<bool>& interrupted);
  Result<runtime::SavepointResult> savepointOnce(
      const runtime::SavepointRequest& request,
      const std::function<void(const runtime::SavepointProgress&)>& progress,
      const std::atomic<bool>& interrupted);

  struct State;
  explicit JobManagerClient(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace weir::client
