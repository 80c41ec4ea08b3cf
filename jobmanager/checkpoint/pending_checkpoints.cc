#include "jobmanager/checkpoint/pending_checkpoints.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "common/base/crash_point.h"
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

ha::BegunSavepoint begunBy(const SavepointCallbacks& savepoint, CheckpointId id) {
  return {.id = id,
          .operation = savepoint.operation,
          .path = savepoint.path,
          .stop = savepoint.stop,
          .cancel_job = savepoint.cancel_job};
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

std::uint32_t PendingCheckpoints::subtasksOf(const graph::JobGraph& graph) {
  std::uint32_t subtasks = 0;
  for (const graph::JobVertex& vertex : graph.vertices) {
    subtasks += vertex.parallelism;
  }
  return subtasks;
}

/// What comes behind one that waits does so too: sources see ids in their order.
void PendingCheckpoints::begin(Wanted wanted) {
  const bool at_once = wanted.kind != SnapshotKind::kSavepoint && waiting_.empty();
  if (const auto id = at_once ? stored_.takeId() : std::nullopt) {
    begin(*id, std::move(wanted));
    return;
  }
  waiting_.push_back({std::move(wanted)});
  if (!reserving_) {
    reserve();
  }
}

/// One write for all that wait now.
void PendingCheckpoints::reserve() {
  reserving_ = true;
  for (Waiting& one : waiting_) {
    if (one.id) {
      continue;
    }
    one.id = stored_.reserveId();
    if (one.wanted.kind == SnapshotKind::kSavepoint) {
      stored_.begin(begunBy(one.wanted.savepoint, *one.id));
    }
  }
  stored_.write({}, [this](const Status& stored) { reserved(stored); });
}

void PendingCheckpoints::reserved(const Status& stored) {
  reserving_ = false;
  while (!waiting_.empty() && waiting_.front().id) {
    Waiting one = std::move(waiting_.front());
    waiting_.pop_front();
    if (stored) {
      if (one.wanted.kind == SnapshotKind::kSavepoint) {
        crashPoint("savepoint.begun");
      }
      begin(*one.id, std::move(one.wanted));
    } else {
      stored_.drop(*one.id);
      outcome_.refused(one.wanted, stored.error());
    }
  }
  if (!waiting_.empty() && !reserving_) {
    reserve();
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
  WEIR_RETURN_IF_ERROR(descriptions.restore(ack, graph_));
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
  for (Waiting& one : std::exchange(waiting_, {})) {
    if (one.id) {
      stored_.drop(*one.id);
    }
    outcome_.refused(one.wanted, why);
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
         std::any_of(waiting_.begin(), waiting_.end(), [](const Waiting& one) {
           return one.wanted.kind == SnapshotKind::kSavepoint;
         });
}

}  // namespace weir::jobmanager
