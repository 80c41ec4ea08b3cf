#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/runtime/adoption.h"
#include "common/runtime/checkpoint_report.h"
#include "common/runtime/client_messages.h"
#include "common/runtime/messages.h"
#include "common/runtime/upgrade_notice.h"
#include "jobmanager/dispatcher/cluster_view.h"
#include "jobmanager/resources/callback.h"
#include "jobmanager/resources/task_manager_gateway.h"

namespace weir::jobmanager {

/// Receives the events of one job, from the dispatcher's strand; must not block. Returning false
/// ends the subscription. The last event of a job is its JobResult.
using JobEventSink = std::function<bool(const runtime::JobEvent&)>;
using SavepointProgressSink = std::function<void(const runtime::SavepointProgress&)>;

/// All that the outside may ask of the job manager: RPC services, HTTP, the local cluster.
///
/// Threads: every call may come from any thread and returns at once; callbacks run on the
/// dispatcher's strand and must not block. Every callback is called exactly once, also when the
/// job ends, the cluster stops, or a deadline passes.
class DispatcherGateway {
 public:
  virtual ~DispatcherGateway() = default;

  // ---- clients
  virtual void submit(runtime::SubmitRequest request, Callback<runtime::SubmitReply> done) = 0;
  /// Replays the state changes so far, then follows; an unknown job is an error through `done`,
  /// which otherwise is called once the subscription stands.
  virtual void follow(JobId job, JobEventSink sink, Callback<std::monostate> done) = 0;
  virtual void list(Callback<std::vector<runtime::JobSummary>> done) = 0;
  /// Answers once cancelling has begun; an ended job is an error naming its state.
  virtual void cancel(JobId job, Callback<std::monostate> done) = 0;
  virtual void savepoint(runtime::SavepointRequest request,
                         SavepointProgressSink progress,
                         Callback<runtime::SavepointResult> done) = 0;
  /// Answers once a job runs, of the new program or of the old one; a refusal, before the job that
  /// runs is stopped. `told` hears what it comes to meanwhile.
  virtual void upgrade(runtime::UpgradeRequest request,
                       runtime::UpgradeNoticeSink told,
                       Callback<runtime::UpgradeReply> done) = 0;
  virtual void dispose(runtime::DisposeRequest request, Callback<runtime::DisposeReply> done) = 0;
  /// The checkpoints and savepoints of a job that are remembered, newest first, without what single
  /// subtasks did; or the one named by `which`, with that.
  virtual void checkpoints(JobId job,
                           std::optional<CheckpointId> which,
                           Callback<std::vector<runtime::CheckpointReport>> done) = 0;
  virtual void listSavepoints(Callback<std::vector<runtime::SavepointInfo>> done) = 0;

  // ---- task managers
  /// A new connection, with what the task manager holds from earlier ones. Refused (with the
  /// reason) when versions do not match, or a newer leader was obeyed there. A second registration
  /// of the same id replaces the first.
  virtual void registerTaskManager(runtime::Registration registration,
                                   runtime::Holdings holdings,
                                   std::shared_ptr<TaskManagerGateway> gateway,
                                   Callback<std::monostate> done) = 0;
  /// All that is known there of an attempt that it holds was reported before.
  virtual void told(TaskManagerId from,
                    const TaskManagerGateway* gateway,
                    runtime::ExecutionId execution) = 0;
  /// `gateway` tells connections of one task manager apart: what comes from an older one is
  /// dropped.
  virtual void report(TaskManagerId from,
                      const TaskManagerGateway* gateway,
                      runtime::TaskManagerReport report) = 0;
  virtual void taskManagerLost(TaskManagerId id,
                               const TaskManagerGateway* gateway,
                               std::string reason) = 0;

  // ---- views
  /// An immutable picture of everything, made anew at most every 20 ms; for HTTP.
  virtual std::shared_ptr<const ClusterView> view() = 0;
};

}  // namespace weir::jobmanager
