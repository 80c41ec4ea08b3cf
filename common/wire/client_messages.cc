#include "common/wire/client_messages.h"

#include "common/wire/deployment.h"
#include "common/wire/fields.h"
#include "common/wire/graph.h"
#include "common/wire/messages.h"

namespace weir::wire {
namespace {

using fields::wrong;

Result<runtime::JobState> jobState(std::uint32_t value) {
  return fields::number(
      "state of a job", value, runtime::JobState::kCreated, runtime::JobState::kRestarting);
}

runtime::RestoreRequest restoreOf(const v1::RestoreRequest& from) {
  runtime::RestoreRequest to;
  to.path = from.path();
  to.allow_non_restored = from.allow_non_restored();
  to.drop.assign(from.drop().begin(), from.drop().end());
  to.renamed = fields::toMap(from.renamed());
  return to;
}

Result<runtime::RestoreRequest> fromProto(const v1::RestoreRequest& from) {
  if (from.path().empty()) {
    return wrong("a restore", "names no savepoint");
  }
  return restoreOf(from);
}

v1::RestoreRequest toProto(const runtime::RestoreRequest& restore) {
  v1::RestoreRequest to;
  to.set_path(restore.path);
  to.set_allow_non_restored(restore.allow_non_restored);
  to.mutable_drop()->Add(restore.drop.begin(), restore.drop.end());
  fields::toRepeated(restore.renamed, *to.mutable_renamed());
  return to;
}

v1::RestoreReport toProto(const runtime::RestoreReport& report) {
  v1::RestoreReport to;
  to.mutable_matched()->Add(report.matched.begin(), report.matched.end());
  to.mutable_empty()->Add(report.empty.begin(), report.empty.end());
  to.mutable_dropped()->Add(report.dropped.begin(), report.dropped.end());
  return to;
}

runtime::RestoreReport reportOf(const v1::RestoreReport& from) {
  return {.matched = {from.matched().begin(), from.matched().end()},
          .empty = {from.empty().begin(), from.empty().end()},
          .dropped = {from.dropped().begin(), from.dropped().end()}};
}

v1::JobEvent eventOf(const runtime::JobStateChange& change) {
  v1::JobEvent to;
  to.mutable_job()->set_millis(change.millis);
  to.mutable_job()->set_state(static_cast<std::uint32_t>(change.state));
  to.mutable_job()->set_cause(change.cause);
  return to;
}

v1::JobEvent eventOf(const runtime::TaskStateChange& change) {
  v1::JobEvent to;
  v1::TaskStateChange& task = *to.mutable_task();
  task.set_millis(change.millis);
  task.set_task_name(change.task_name);
  task.set_subtask(change.subtask);
  task.set_parallelism(change.parallelism);
  task.set_state(static_cast<std::uint32_t>(change.state));
  task.set_cause(change.cause);
  return to;
}

v1::JobEvent eventOf(const runtime::JobResult& result) {
  v1::JobEvent to;
  to.mutable_result()->set_state(static_cast<std::uint32_t>(result.state));
  to.mutable_result()->set_runtime_millis(result.runtime_millis);
  to.mutable_result()->set_cause(result.cause);
  for (const runtime::AccumulatorValue& value : result.accumulators) {
    *to.mutable_result()->add_accumulators() = wire::toProto(value);
  }
  return to;
}

Result<runtime::JobEvent> taskEvent(const v1::TaskStateChange& from) {
  runtime::TaskStateChange to;
  to.millis = from.millis();
  to.task_name = from.task_name();
  to.subtask = from.subtask();
  to.parallelism = from.parallelism();
  WEIR_TRY(to.state,
           fields::number("state of a task",
                          from.state(),
                          runtime::TaskState::kCreated,
                          runtime::TaskState::kFailed));
  to.cause = from.cause();
  return runtime::JobEvent(std::move(to));
}

Result<runtime::JobEvent> resultEvent(const v1::JobResult& from) {
  runtime::JobResult to;
  WEIR_TRY(to.state, jobState(from.state()));
  to.runtime_millis = from.runtime_millis();
  to.cause = from.cause();
  for (const v1::AccumulatorValue& value : from.accumulators()) {
    to.accumulators.push_back(wire::fromProto(value));
  }
  return runtime::JobEvent(std::move(to));
}

}  // namespace

Status checkClientProtocol(std::uint32_t protocol) {
  if (protocol == kClientProtocol) {
    return ok();
  }
  return Error(ErrorCode::kFailedPrecondition,
               "the client speaks protocol " + std::to_string(protocol) +
                   " and this job manager protocol " + std::to_string(kClientProtocol))
      .advise("use the weir command of the cluster's release");
}

v1::SubmitRequest toProto(const runtime::SubmitRequest& request) {
  v1::SubmitRequest to;
  to.set_protocol(kClientProtocol);
  to.set_job(fields::bytesOf(request.job));
  *to.mutable_graph() = toProto(request.graph);
  *to.mutable_program() = toProto(request.program);
  if (request.restore) {
    *to.mutable_restore() = toProto(*request.restore);
  }
  return to;
}

Result<runtime::SubmitRequest> fromProto(const v1::SubmitRequest& from) {
  runtime::SubmitRequest to;
  WEIR_TRY(to.job, fields::id<JobId>("job", from.job()));
  WEIR_TRY(to.graph, fromProto(from.graph()));
  WEIR_TRY(to.program, fromProto(from.program()));
  if (to.program.executable.name.empty()) {
    return wrong("job '" + to.graph->name + "'", "comes without a program");
  }
  if (from.has_restore()) {
    WEIR_TRY(to.restore, fromProto(from.restore()));
  }
  return to;
}

v1::SavepointRequest toProto(const runtime::SavepointRequest& request) {
  v1::SavepointRequest to;
  to.set_protocol(kClientProtocol);
  to.set_operation(fields::bytesOf(request.operation));
  to.set_job(fields::bytesOf(request.job));
  to.set_directory(request.directory);
  to.set_cancel_job(request.cancel_job);
  to.set_stop(static_cast<std::uint32_t>(request.stop));
  return to;
}

Result<runtime::SavepointRequest> fromProto(const v1::SavepointRequest& from) {
  runtime::SavepointRequest to;
  WEIR_TRY(to.operation, fields::id<OperationId>("operation", from.operation()));
  WEIR_TRY(to.job, fields::id<JobId>("job", from.job()));
  to.directory = from.directory();
  to.cancel_job = from.cancel_job();
  if (from.stop() >= runtime::kStopModes) {
    return wrong("a savepoint request", "stops its job in a way that is not known");
  }
  to.stop = static_cast<runtime::StopMode>(from.stop());
  return to;
}

v1::UpgradeRequest toProto(const runtime::UpgradeRequest& request) {
  v1::UpgradeRequest to;
  to.set_protocol(kClientProtocol);
  to.set_operation(fields::bytesOf(request.operation));
  to.set_job(fields::bytesOf(request.job));
  *to.mutable_next() = toProto(request.next);
  to.mutable_next()->clear_restore();
  if (request.next.restore) {
    *to.mutable_restore() = toProto(*request.next.restore);
  }
  return to;
}

Result<runtime::UpgradeRequest> fromProto(const v1::UpgradeRequest& from) {
  runtime::UpgradeRequest to;
  WEIR_TRY(to.operation, fields::id<OperationId>("operation", from.operation()));
  WEIR_TRY(to.job, fields::id<JobId>("job", from.job()));
  WEIR_TRY(to.next, fromProto(from.next()));
  to.next.restore = restoreOf(from.restore());
  to.next.restore->path.clear();
  return to;
}

v1::DisposeRequest toProto(const runtime::DisposeRequest& request) {
  v1::DisposeRequest to;
  to.set_protocol(kClientProtocol);
  to.set_operation(fields::bytesOf(request.operation));
  to.set_path(request.path);
  to.set_force(request.force);
  if (request.program) {
    *to.mutable_program() = toProto(*request.program);
  }
  return to;
}

Result<runtime::DisposeRequest> fromProto(const v1::DisposeRequest& from) {
  runtime::DisposeRequest to;
  WEIR_TRY(to.operation, fields::id<OperationId>("operation", from.operation()));
  to.path = from.path();
  to.force = from.force();
  if (from.has_program()) {
    WEIR_TRY(to.program, fromProto(from.program()));
  }
  return to;
}

v1::SubmitReply toProto(const runtime::SubmitReply& reply) {
  v1::SubmitReply to;
  *to.mutable_restore() = toProto(reply.restore);
  return to;
}

Result<runtime::SubmitReply> fromProto(const v1::SubmitReply& from) {
  return runtime::SubmitReply{reportOf(from.restore())};
}

v1::UpgradeReply toProto(const runtime::UpgradeReply& reply) {
  v1::UpgradeReply to;
  to.set_job(fields::bytesOf(reply.job));
  to.set_savepoint(reply.savepoint);
  to.set_down_millis(reply.down_millis);
  *to.mutable_restore() = toProto(reply.restore);
  to.set_failure(reply.failure);
  return to;
}

Result<runtime::UpgradeReply> fromProto(const v1::UpgradeReply& from) {
  runtime::UpgradeReply to;
  WEIR_TRY(to.job, fields::id<JobId>("job", from.job()));
  to.savepoint = from.savepoint();
  to.down_millis = from.down_millis();
  to.restore = reportOf(from.restore());
  to.failure = from.failure();
  return to;
}

v1::UpgradeEvent toProto(const runtime::UpgradeEvent& event) {
  v1::UpgradeEvent to;
  std::visit(Overloaded{[&to](const runtime::UpgradeNotice& notice) {
                          v1::UpgradeNotice& said = *to.mutable_notice();
                          said.set_stage(static_cast<std::uint32_t>(notice.stage));
                          said.set_job(fields::bytesOf(notice.job));
                          said.set_job_name(notice.job_name);
                          said.set_savepoint(notice.savepoint);
                          said.set_failure(notice.failure);
                        },
                        [&to](const runtime::UpgradeReply& reply) {
                          *to.mutable_reply() = toProto(reply);
                        }},
             event);
  return to;
}

Result<runtime::UpgradeEvent> fromProto(const v1::UpgradeEvent& from) {
  if (from.has_reply()) {
    WEIR_TRY(auto reply, fromProto(from.reply()));
    return runtime::UpgradeEvent(std::move(reply));
  }
  if (!from.has_notice() || from.notice().stage() >= runtime::kUpgradeStages) {
    return wrong("a message", "is no upgrade event that this release knows");
  }
  runtime::UpgradeNotice to;
  to.stage = static_cast<runtime::UpgradeStage>(from.notice().stage());
  WEIR_TRY(to.job, fields::id<JobId>("job", from.notice().job()));
  to.job_name = from.notice().job_name();
  to.savepoint = from.notice().savepoint();
  to.failure = from.notice().failure();
  return runtime::UpgradeEvent(std::move(to));
}

v1::DisposeReply toProto(const runtime::DisposeReply& reply) {
  v1::DisposeReply to;
  to.mutable_unreadable()->Add(reply.unreadable.begin(), reply.unreadable.end());
  to.set_data_later(reply.data_later);
  return to;
}

Result<runtime::DisposeReply> fromProto(const v1::DisposeReply& from) {
  return runtime::DisposeReply{{from.unreadable().begin(), from.unreadable().end()},
                               from.data_later()};
}

v1::JobEvent toProto(const runtime::JobEvent& event) {
  return std::visit([](const auto& one) { return eventOf(one); }, event);
}

Result<runtime::JobEvent> fromProto(const v1::JobEvent& from) {
  switch (from.event_case()) {
    case v1::JobEvent::kJob: {
      WEIR_TRY(const auto state, jobState(from.job().state()));
      return runtime::JobEvent(
          runtime::JobStateChange{from.job().millis(), state, from.job().cause()});
    }
    case v1::JobEvent::kTask:
      return taskEvent(from.task());
    case v1::JobEvent::kResult:
      return resultEvent(from.result());
    default:
      return wrong("a message", "is no job event that this release knows");
  }
}

v1::SavepointEvent toProto(const runtime::SavepointEvent& event) {
  v1::SavepointEvent to;
  std::visit(Overloaded{[&to](const runtime::SavepointProgress& progress) {
                          to.mutable_progress()->set_checkpoint(progress.checkpoint.value());
                          to.mutable_progress()->set_acknowledged(progress.acknowledged);
                          to.mutable_progress()->set_subtasks(progress.subtasks);
                          to.mutable_progress()->set_bytes(progress.bytes);
                        },
                        [&to](const runtime::SavepointResult& result) {
                          to.mutable_result()->set_path(result.path);
                          to.mutable_result()->set_points_to(result.points_to);
                          to.mutable_result()->set_checkpoint(result.checkpoint.value());
                          to.mutable_result()->set_bytes(result.bytes);
                          for (const std::string& warning : result.warnings) {
                            to.mutable_result()->add_warnings(warning);
                          }
                        }},
             event);
  return to;
}

Result<runtime::SavepointEvent> fromProto(const v1::SavepointEvent& from) {
  if (from.has_progress()) {
    const v1::SavepointProgress& progress = from.progress();
    return runtime::SavepointEvent(runtime::SavepointProgress{CheckpointId(progress.checkpoint()),
                                                              progress.acknowledged(),
                                                              progress.subtasks(),
                                                              progress.bytes()});
  }
  if (from.has_result()) {
    const v1::SavepointResult& result = from.result();
    return runtime::SavepointEvent(
        runtime::SavepointResult{result.path(),
                                 result.points_to(),
                                 CheckpointId(result.checkpoint()),
                                 result.bytes(),
                                 {result.warnings().begin(), result.warnings().end()}});
  }
  return wrong("a message", "is no savepoint event that this release knows");
}

v1::JobSummary toProto(const runtime::JobSummary& summary) {
  v1::JobSummary to;
  to.set_id(fields::bytesOf(summary.id));
  to.set_name(summary.name);
  to.set_state(static_cast<std::uint32_t>(summary.state));
  to.set_start_millis(summary.start_millis);
  to.set_end_millis(summary.end_millis);
  to.set_restarts(summary.restarts);
  to.set_failure(summary.failure);
  to.set_waiting(summary.waiting);
  to.set_parallelism(summary.parallelism);
  return to;
}

Result<runtime::JobSummary> fromProto(const v1::JobSummary& from) {
  runtime::JobSummary to;
  WEIR_TRY(to.id, fields::id<JobId>("job", from.id()));
  to.name = from.name();
  WEIR_TRY(to.state, jobState(from.state()));
  to.start_millis = from.start_millis();
  to.end_millis = from.end_millis();
  to.restarts = from.restarts();
  to.failure = from.failure();
  to.waiting = from.waiting();
  to.parallelism = from.parallelism();
  return to;
}

v1::SavepointInfo toProto(const runtime::SavepointInfo& info) {
  v1::SavepointInfo to;
  to.set_path(info.path);
  to.set_job(fields::bytesOf(info.job));
  to.set_job_name(info.job_name);
  to.set_checkpoint(info.checkpoint.value());
  to.set_created_millis(info.created_millis);
  to.set_bytes(info.bytes);
  to.set_error(info.error);
  to.set_label(info.label);
  for (const JobId& user : info.users) {
    to.add_users(fields::bytesOf(user));
  }
  return to;
}

Result<runtime::SavepointInfo> fromProto(const v1::SavepointInfo& from) {
  runtime::SavepointInfo to;
  to.path = from.path();
  WEIR_TRY(to.job, fields::id<JobId>("job", from.job()));
  to.job_name = from.job_name();
  to.checkpoint = CheckpointId(from.checkpoint());
  to.created_millis = from.created_millis();
  to.bytes = from.bytes();
  to.error = from.error();
  to.label = from.label();
  for (const std::string& user : from.users()) {
    WEIR_TRY(const JobId job, fields::id<JobId>("user", user));
    to.users.push_back(job);
  }
  return to;
}

}  // namespace weir::wire
