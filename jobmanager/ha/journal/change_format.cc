#include "jobmanager/ha/journal/change_format.h"

#include <limits>
#include <utility>

#include "common/base/overloaded.h"
#include "common/wire/client_messages.h"
#include "common/wire/deployment.h"
#include "common/wire/fields.h"
#include "journal.pb.h"

namespace weir::ha {
namespace {

using wire::fields::bytesOf;

void fill(v1::BegunSavepoint& to, const BegunSavepoint& from) {
  to.set_id(from.id.value());
  to.set_operation(bytesOf(from.operation));
  to.set_path(from.path);
  to.set_stop(static_cast<std::uint32_t>(from.stop));
  to.set_cancel_job(from.cancel_job);
  if (from.result) {
    *to.mutable_result() = wire::toProto(runtime::SavepointEvent(*from.result)).result();
  }
}

Result<runtime::SavepointResult> resultOf(const v1::SavepointResult& from) {
  v1::SavepointEvent event;
  *event.mutable_result() = from;
  WEIR_TRY(auto decoded, wire::fromProto(event));
  return std::get<runtime::SavepointResult>(std::move(decoded));
}

Result<BegunSavepoint> begunOf(const v1::BegunSavepoint& from) {
  BegunSavepoint to;
  to.id = CheckpointId(from.id());
  WEIR_TRY(to.operation, wire::fields::id<OperationId>("operation", from.operation()));
  to.path = from.path();
  WEIR_TRY(to.stop,
           wire::fields::number("mode of a stop",
                                from.stop(),
                                runtime::StopMode::kNone,
                                static_cast<runtime::StopMode>(runtime::kStopModes - 1)));
  to.cancel_job = from.cancel_job();
  if (from.has_result()) {
    WEIR_TRY(to.result, resultOf(from.result()));
  }
  return to;
}

void fill(v1::JobCheckpoints& to, const JobCheckpoints& from) {
  for (const CheckpointPointer& one : from.retained) {
    v1::CheckpointPointer& pointer = *to.add_retained();
    pointer.set_id(one.id.value());
    pointer.set_savepoint(one.savepoint);
    pointer.set_path(one.path);
  }
  for (const CheckpointId id : from.pinned) {
    to.add_pinned(id.value());
  }
  to.set_next(from.next.value());
  for (const CheckpointId id : from.discards) {
    to.add_discards(id.value());
  }
  if (from.result) {
    *to.mutable_result() = wire::toProto(runtime::JobEvent(*from.result)).result();
  }
  if (from.stopped) {
    v1::StoppedJob& stopped = *to.mutable_stopped();
    stopped.set_operation(bytesOf(from.stopped->operation));
    *stopped.mutable_result() =
        wire::toProto(runtime::SavepointEvent(from.stopped->result)).result();
  }
  for (const BegunSavepoint& one : from.begun) {
    fill(*to.add_begun(), one);
  }
  for (const MarkedSavepoint& one : from.marks) {
    v1::MarkedSavepoint& mark = *to.add_marks();
    mark.set_id(one.id.value());
    mark.set_path(one.path);
  }
}

Result<JobCheckpoints> checkpointsOf(const v1::JobCheckpoints& from) {
  JobCheckpoints to;
  for (const v1::CheckpointPointer& one : from.retained()) {
    to.retained.push_back({CheckpointId(one.id()), one.savepoint(), one.path()});
  }
  for (const std::uint64_t id : from.pinned()) {
    to.pinned.emplace_back(id);
  }
  to.next = CheckpointId(from.next());
  for (const std::uint64_t id : from.discards()) {
    to.discards.emplace_back(id);
  }
  if (from.has_result()) {
    v1::JobEvent event;
    *event.mutable_result() = from.result();
    WEIR_TRY(auto decoded, wire::fromProto(event));
    to.result = std::get<runtime::JobResult>(std::move(decoded));
  }
  if (from.has_stopped()) {
    StoppedJob& stopped = to.stopped.emplace();
    WEIR_TRY(stopped.operation,
             wire::fields::id<OperationId>("operation", from.stopped().operation()));
    WEIR_TRY(stopped.result, resultOf(from.stopped().result()));
  }
  for (const v1::BegunSavepoint& one : from.begun()) {
    WEIR_TRY(auto begun, begunOf(one));
    to.begun.push_back(std::move(begun));
  }
  for (const v1::MarkedSavepoint& one : from.marks()) {
    to.marks.push_back({CheckpointId(one.id()), one.path()});
  }
  return to;
}

void fill(v1::Failure& to, const Error& from) {
  to.set_code(static_cast<std::uint32_t>(from.code()));
  to.set_message(from.message());
  to.set_advice(from.advice());
}

Result<ErrorCode> codeOf(const v1::Failure& from) {
  return wire::fields::number(
      "code of a failure", from.code(), ErrorCode::kInvalidArgument, ErrorCode::kIo);
}

Error errorOf(ErrorCode code, const v1::Failure& from) {
  return Error(code, from.message()).advise(from.advice());
}

void fill(v1::SavepointAnswer& to, const SavepointAnswer& from) {
  to.set_operation(bytesOf(from.operation));
  to.set_job(bytesOf(from.job));
  if (from.result) {
    *to.mutable_result() = wire::toProto(runtime::SavepointEvent(*from.result)).result();
  } else {
    fill(*to.mutable_failure(), from.result.error());
  }
}

void fill(v1::PutAttempt& to, const DeployedAttempt& from) {
  *to.mutable_execution() = wire::toProto(from.execution);
  for (const DeployedAttempt::Share& one : from.task_managers) {
    v1::PutAttempt::Share& share = *to.add_shares();
    share.set_task_manager(bytesOf(one.task_manager));
    share.set_slots(one.slots);
  }
  for (const std::vector<std::uint32_t>& vertex : from.tasks) {
    to.add_vertices()->mutable_shares()->Assign(vertex.begin(), vertex.end());
  }
  to.set_storage(from.storage);
  to.set_stopped(from.stopped);
}

Result<Change> attemptOf(const v1::PutAttempt& from) {
  DeployedAttempt to;
  WEIR_TRY(to.execution, wire::fromProto(from.execution()));
  for (const v1::PutAttempt::Share& one : from.shares()) {
    WEIR_TRY(const auto id, wire::fields::id<TaskManagerId>("task manager", one.task_manager()));
    to.task_managers.push_back({id, one.slots()});
  }
  for (const v1::PutAttempt::Vertex& one : from.vertices()) {
    for (const std::uint32_t share : one.shares()) {
      if (share >= to.task_managers.size()) {
        return Error(ErrorCode::kInvalidArgument, "a subtask runs on none of the task managers");
      }
    }
    to.tasks.emplace_back(one.shares().begin(), one.shares().end());
  }
  to.storage = from.storage();
  to.stopped = from.stopped();
  return Change(std::move(to));
}

void fill(v1::PutUpgrade& to, const StoredUpgrade& from) {
  *to.mutable_request() = wire::toProto(from.request);
  *to.mutable_back() = wire::toProto(from.back);
  to.set_begun_millis(from.begun_millis);
}

void fill(v1::UpgradeProgress& to, const PutUpgradeProgress& from) {
  const UpgradeProgress& progress = from.progress;
  to.set_operation(bytesOf(from.operation));
  to.set_step(static_cast<std::uint32_t>(progress.step));
  to.set_stopping_millis(progress.stopping_millis);
  to.set_running_millis(progress.running_millis);
  *to.mutable_reply() = wire::toProto(progress.reply);
  if (progress.failure) {
    fill(*to.mutable_failure(), *progress.failure);
  }
}

Result<Change> upgradeOf(const v1::PutUpgrade& from) {
  PutUpgrade to;
  WEIR_TRY(to.upgrade.request, wire::fromProto(from.request()));
  WEIR_TRY(to.upgrade.back, wire::fromProto(from.back()));
  to.upgrade.begun_millis = from.begun_millis();
  return Change(std::move(to));
}

Result<Change> progressOf(const v1::UpgradeProgress& from) {
  PutUpgradeProgress to;
  WEIR_TRY(to.operation, wire::fields::id<OperationId>("operation", from.operation()));
  WEIR_TRY(to.progress.step,
           wire::fields::number(
               "step of an upgrade", from.step(), UpgradeStep::kBegun, UpgradeStep::kAnswered));
  to.progress.stopping_millis = from.stopping_millis();
  to.progress.running_millis = from.running_millis();
  WEIR_TRY(to.progress.reply, wire::fromProto(from.reply()));
  if (from.has_failure()) {
    WEIR_TRY(const ErrorCode code, codeOf(from.failure()));
    to.progress.failure = errorOf(code, from.failure());
  }
  return Change(std::move(to));
}

void fill(v1::PutDisposal& to, const StoredDisposal& from) {
  *to.mutable_request() = wire::toProto(from.request);
  if (from.answer && *from.answer) {
    *to.mutable_reply() = wire::toProto(**from.answer);
  } else if (from.answer) {
    fill(*to.mutable_failure(), from.answer->error());
  }
}

Result<Change> disposalOf(const v1::PutDisposal& from) {
  StoredDisposal to;
  WEIR_TRY(to.request, wire::fromProto(from.request()));
  if (from.has_reply()) {
    WEIR_TRY(to.answer, wire::fromProto(from.reply()));
  } else if (from.has_failure()) {
    WEIR_TRY(const ErrorCode code, codeOf(from.failure()));
    to.answer = errorOf(code, from.failure());
  }
  return Change(std::move(to));
}

Result<Change> answerOf(const v1::SavepointAnswer& from) {
  WEIR_TRY(const auto operation, wire::fields::id<OperationId>("operation", from.operation()));
  WEIR_TRY(const auto job, wire::fields::id<JobId>("job", from.job()));
  if (from.has_failure()) {
    WEIR_TRY(const ErrorCode code, codeOf(from.failure()));
    return Change(SavepointAnswer{operation, job, errorOf(code, from.failure())});
  }
  WEIR_TRY(auto result, resultOf(from.result()));
  return Change(SavepointAnswer{operation, job, std::move(result)});
}

}  // namespace

std::string encodeChange(const Change& change) {
  v1::JournalRecord to;
  std::visit(
      Overloaded{
          [&to](const PutJob& put) {
            *to.mutable_put_job()->mutable_request() = wire::toProto(put.request);
            to.mutable_put_job()->set_submitted_millis(put.submitted_millis);
          },
          [&to](const RemoveJob& removed) { to.set_remove_job(bytesOf(removed.job)); },
          [&to](const PutCheckpoints& put) {
            to.mutable_put_checkpoints()->set_job(bytesOf(put.job));
            fill(*to.mutable_put_checkpoints()->mutable_checkpoints(), put.checkpoints);
          },
          [&to](const DeployedAttempt& put) { fill(*to.mutable_put_attempt(), put); },
          [&to](const SavepointAnswer& answer) { fill(*to.mutable_put_savepoint(), answer); },
          [&to](const PutUpgrade& put) { fill(*to.mutable_put_upgrade(), put.upgrade); },
          [&to](const PutUpgradeProgress& put) { fill(*to.mutable_put_upgrade_progress(), put); },
          [&to](const CancelJob& cancelled) { to.set_cancel_job(bytesOf(cancelled.job)); },
          [&to](const StoredDisposal& put) { fill(*to.mutable_put_disposal(), put); }},
      change);
  return to.SerializeAsString();
}

Result<Change> decodeChange(std::string_view bytes) {
  v1::JournalRecord from;
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()) ||
      !from.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Error(ErrorCode::kInvalidArgument,
                 std::to_string(bytes.size()) + " bytes are no change of the store of jobs");
  }
  switch (from.change_case()) {
    case v1::JournalRecord::kPutJob: {
      WEIR_TRY(auto request, wire::fromProto(from.put_job().request()));
      return Change(PutJob{std::move(request), from.put_job().submitted_millis()});
    }
    case v1::JournalRecord::kRemoveJob: {
      WEIR_TRY(const auto job, wire::fields::id<JobId>("job", from.remove_job()));
      return Change(RemoveJob{job});
    }
    case v1::JournalRecord::kPutCheckpoints: {
      WEIR_TRY(const auto job, wire::fields::id<JobId>("job", from.put_checkpoints().job()));
      WEIR_TRY(auto checkpoints, checkpointsOf(from.put_checkpoints().checkpoints()));
      return Change(PutCheckpoints{job, std::move(checkpoints)});
    }
    case v1::JournalRecord::kPutAttempt:
      return attemptOf(from.put_attempt());
    case v1::JournalRecord::kPutSavepoint:
      return answerOf(from.put_savepoint());
    case v1::JournalRecord::kPutUpgrade:
      return upgradeOf(from.put_upgrade());
    case v1::JournalRecord::kPutUpgradeProgress:
      return progressOf(from.put_upgrade_progress());
    case v1::JournalRecord::kCancelJob: {
      WEIR_TRY(const auto job, wire::fields::id<JobId>("job", from.cancel_job()));
      return Change(CancelJob{job});
    }
    case v1::JournalRecord::kPutDisposal:
      return disposalOf(from.put_disposal());
    case v1::JournalRecord::CHANGE_NOT_SET:
      break;
  }
  return Error(ErrorCode::kInvalidArgument, "a change of a kind that this release does not know");
}

}  // namespace weir::ha
