#include "jobmanager/checkpoint/pending_checkpoints.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "common/snapshot/layout.h"

namespace weir::jobmanager {
namespace {

/// What was stored for it, without what earlier ones had stored.
std::uint64_t stateBytesOf(const runtime::CheckpointAck& ack) {
  std::uint64_t sum = 0;
  for (const runtime::OperatorSnapshot& one : ack.operators) {
    sum += one.handle.size;
    for (const runtime::SharedFile& file : one.handle.shared) {
      sum += snapshot::sharedSince(file.name) == ack.checkpoint ? file.size : 0;
    }
  }
  return sum;
}

std::uint32_t subtasksOf(const graph::JobGraph& graph) {
  std::uint32_t subtasks = 0;
  for (const graph::JobVertex& vertex : graph.vertices) {
    subtasks += vertex.parallelism;
  }
  return subtasks;
}

}  // namespace

PendingCheckpoints::PendingCheckpoints(const CheckpointServices& services,
                                       const graph::JobGraph& graph,
                                       Setup setup,
                                       CheckpointedTasks& tasks,
                                       StoredCheckpoints& stored,
                                       CheckpointHistory& history,
                                       Outcome outcome)
    : services_(services),
      graph_(graph),
      setup_(std::move(setup)),
      tasks_(tasks),
      stored_(stored),
      history_(history),
      outcome_(std::move(outcome)),
      subtasks_(subtasksOf(graph)),
      descriptions_(std::make_shared<StateDescriptions>()) {}

void PendingCheckpoints::begin(Wanted wanted) {
  const std::optional<CheckpointId> id = waiting_.empty() ? stored_.takeId() : std::nullopt;
  if (id) {
    begin(*id, std::move(wanted));
    return;
  }
  waiting_.push_back(std::move(wanted));
  if (waiting_.size() == 1) {
    stored_.write({}, [this](const Status& reserved) { beginWaiting(reserved); });
  }
}

void PendingCheckpoints::beginWaiting(const Status& reserved) {
  for (Wanted& wanted : std::exchange(waiting_, {})) {
    const std::optional<CheckpointId> id = reserved ? stored_.takeId() : std::nullopt;
    if (id) {
      begin(*id, std::move(wanted));
    } else {
      outcome_.refused(wanted,
                       reserved ? Error(ErrorCode::kResourceExhausted,
                                        "too many snapshots were asked for at once")
                                      .advise("ask again")
                                : reserved.error());
    }
  }
}

void PendingCheckpoints::begin(CheckpointId id, Wanted wanted) {
  auto pending = std::make_unique<PendingCheckpoint>();
  pending->id = id;
  pending->kind = wanted.kind;
  pending->descriptions = descriptions_;
  pending->triggered = services_.clock.now();
  pending->trigger_millis = toEpochMillis(services_.clock.wallNow());
  pending->savepoint = std::move(wanted.savepoint);
  pending->final_done = std::move(wanted.final_done);
  pending->timeout =
      services_.strand.schedule(graph_.checkpoints.timeout, [this, id] { expire(id); });
  const runtime::CheckpointOrder order{.checkpoint = id,
                                       .timestamp_millis = pending->trigger_millis,
                                       .savepoint = wanted.kind == SnapshotKind::kSavepoint,
                                       .stop = pending->savepoint.stop};
  history_.began(id, order.savepoint, order.timestamp_millis);
  reportProgress(*pending);
  pending_.emplace(id, std::move(pending));
  tasks_.trigger(order);
}

void PendingCheckpoints::expire(CheckpointId id) {
  abort(id,
        Error(ErrorCode::kDeadlineExceeded,
              "expired before completing: after " +
                  std::to_string(graph_.checkpoints.timeout.count()) + " ms " +
                  std::to_string(pending_.at(id)->acks.size()) + " of " +
                  std::to_string(subtasks_) + " subtasks had acknowledged"));
}

void PendingCheckpoints::acknowledge(runtime::CheckpointAck ack) {
  auto found = pending_.find(ack.checkpoint);
  if (found == pending_.end()) {
    outcome_.late(ack);
    return;
  }
  PendingCheckpoint& pending = *found->second;
  if (pending.acks.contains(ack.task)) {
    return;  // Said twice: the same files.
  }
  if (Status taken = take(ack, *pending.descriptions); !taken) {
    abort(ack.checkpoint, std::move(taken).error().during("task " + tasks_.describe(ack.task)));
    outcome_.late(ack);
    return;
  }
  const std::uint64_t bytes = stateBytesOf(ack);
  pending.bytes += bytes;
  history_.acknowledged(ack, bytes, services_.clock.now() - pending.triggered);
  const runtime::TaskId task = ack.task;
  pending.acks.emplace(task, std::move(ack));
  reportProgress(pending);
  if (pending.acks.size() == subtasks_) {
    Pending whole = std::move(found->second);
    pending_.erase(found);
    whole->timeout.reset();
    whole->acknowledged = services_.clock.now();
    outcome_.acknowledged(std::move(whole));
  }
}

/// Checks what an acknowledgement names, completes it, and claims what it brings to the job
/// manager.
Status PendingCheckpoints::take(runtime::CheckpointAck& ack,
                                const StateDescriptions& descriptions) {
  const bool on_files = !setup_.directory.empty();
  const std::string directory =
      on_files ? snapshot::checkpointDirectory(setup_.directory, ack.checkpoint) : std::string();
  WEIR_RETURN_IF_ERROR(checkLocations(ack, directory));
  WEIR_RETURN_IF_ERROR(checkOperators(ack, graph_));
  WEIR_RETURN_IF_ERROR(descriptions.restore(ack));
  return on_files ? ok() : services_.blobs.retain(setup_.job, ack);
}

void PendingCheckpoints::reportProgress(const PendingCheckpoint& pending) const {
  if (pending.savepoint.progress) {
    pending.savepoint.progress({.checkpoint = pending.id,
                                .acknowledged = static_cast<std::uint32_t>(pending.acks.size()),
                                .subtasks = subtasks_,
                                .bytes = pending.bytes});
  }
}

void PendingCheckpoints::decline(const runtime::CheckpointDecline& decline) {
  const std::string host = tasks_.hostOf(decline.task);
  abort(decline.checkpoint,
        Error(ErrorCode::kFailedPrecondition,
              "declined by task " + tasks_.describe(decline.task) +
                  (host.empty() ? "" : " on " + host) + ": " + decline.reason));
}

void PendingCheckpoints::abort(CheckpointId id, const Error& why) {
  auto found = pending_.find(id);
  if (found == pending_.end()) {
    return;
  }
  Pending pending = std::move(found->second);
  pending_.erase(found);
  pending->timeout.reset();
  outcome_.aborted(std::move(pending), why);
}

void PendingCheckpoints::abortAll(const Error& why) {
  for (Wanted& wanted : std::exchange(waiting_, {})) {
    outcome_.refused(wanted, why);
  }
  while (!pending_.empty()) {
    abort(pending_.begin()->first, why);
  }
}

void PendingCheckpoints::subsumeOlderThan(CheckpointId id) {
  std::vector<CheckpointId> older;
  for (const auto& [other, pending] : pending_) {
    if (other < id && pending->kind == SnapshotKind::kPeriodic) {
      older.push_back(other);
    }
  }
  for (const CheckpointId one : older) {
    abort(one,
          Error(ErrorCode::kCancelled,
                "subsumed: the newer one " + std::to_string(id.value()) + " completed first"));
  }
}

bool PendingCheckpoints::hasSavepoints() const {
  return std::any_of(
             pending_.begin(),
             pending_.end(),
             [](const auto& one) { return one.second->kind == SnapshotKind::kSavepoint; }) ||
         std::any_of(waiting_.begin(), waiting_.end(), [](const Wanted& one) {
           return one.kind == SnapshotKind::kSavepoint;
         });
}

}  // namespace weir::jobmanager
