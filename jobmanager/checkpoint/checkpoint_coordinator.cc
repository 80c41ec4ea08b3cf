#include "jobmanager/checkpoint/checkpoint_coordinator.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"
#include "common/snapshot/layout.h"
#include "common/telemetry/log.h"

namespace weir::jobmanager {
namespace {

std::int64_t millis(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

std::uint64_t bytesOf(const runtime::CheckpointAck& ack) {
  std::uint64_t sum = 0;
  for (const runtime::OperatorSnapshot& one : ack.operators) {
    sum += one.handle.size;
  }
  return sum;
}

std::string directoryIn(const runtime::CheckpointStorage& storage) {
  const bool on_files = storage.kind == runtime::CheckpointStorage::Kind::kFileSystem;
  return on_files ? storage.directory : std::string();
}

std::uint32_t subtasksOf(const graph::JobGraph& graph) {
  std::uint32_t subtasks = 0;
  for (const graph::JobVertex& vertex : graph.vertices) {
    subtasks += vertex.parallelism;
  }
  return subtasks;
}

}  // namespace

CheckpointCoordinator::CheckpointCoordinator(const CheckpointServices& services,
                                             const graph::JobGraph& graph,
                                             Setup setup,
                                             CheckpointedTasks& tasks)
    : services_(services),
      graph_(graph),
      setup_(std::move(setup)),
      directory_(directoryIn(setup_.storage)),
      subtasks_(subtasksOf(graph)),
      tasks_(tasks),
      store_(setup_.retained),
      history_(graph, setup_.history, [this](const auto& task) { return tasks_.hostOf(task); }),
      work_(services.strand, services.io, services.file_bounds, setup_.storage.directory),
      writer_(services.files,
              work_,
              store_,
              tasks,
              {directory_, setup_.metadata_limit, setup_.holder},
              {.stored = [this](auto& written, bool pointed) { stored(written, pointed); },
               .failed = [this](auto& pending, const Error& why) { writeFailed(pending, why); }}),
      removal_(services,
               graph,
               work_,
               {.job = setup_.origin.job,
                .directory = directory_,
                .subtasks = subtasks_,
                .program = setup_.program,
                .metadata_limit = setup_.metadata_limit},
               [this] { pacer_.removalEnded(); }),
      pacer_(
          services.strand,
          services.clock,
          graph.checkpoints,
          {setup_.origin.job, setup_.most_removals},
          [this] { return removal_.outstanding(); },
          [this] { trigger(SnapshotKind::kPeriodic, {}, {}); }) {}

void CheckpointCoordinator::resume(std::vector<CompletedCheckpoint> retained) {
  removal_.resumed();
  for (CompletedCheckpoint& one : retained) {
    continueAfter(one.metadata.checkpoint);
    const bool pinned = one.metadata.savepoint;
    static_cast<void>(store_.add(std::move(one), pinned));  // They were retained before.
  }
}

void CheckpointCoordinator::start() {
  running_ = true;
  pacer_.start();
}

void CheckpointCoordinator::stop(const Error& why) {
  running_ = false;
  pacer_.stop();
  while (!pending_.empty()) {
    abort(pending_.begin()->first, why);
  }
}

void CheckpointCoordinator::attemptEnded() {
  services_.blobs.store().state().forgetUploads(setup_.origin.job);
  removal_.attemptEnded();
}

bool CheckpointCoordinator::hasPendingSavepoints() const {
  return writer_.hasSavepoints() ||
         std::any_of(pending_.begin(), pending_.end(), [](const auto& one) {
           return one.second->kind == SnapshotKind::kSavepoint;
         });
}

CheckpointId CheckpointCoordinator::trigger(SnapshotKind kind,
                                            SavepointCallbacks savepoint,
                                            Callback<CheckpointId> final_done) {
  const CheckpointId id = std::exchange(next_, next_.next());
  auto pending = std::make_unique<PendingCheckpoint>();
  pending->id = id;
  pending->kind = kind;
  pending->triggered = services_.clock.now();
  pending->trigger_millis = toEpochMillis(services_.clock.wallNow());
  pending->savepoint = std::move(savepoint);
  pending->final_done = std::move(final_done);
  const Duration timeout = graph_.checkpoints.timeout;
  pending->timeout = services_.strand.schedule(timeout, [this, id, timeout] {
    const std::size_t acknowledged = pending_.at(id)->acks.size();
    abort(id,
          Error(ErrorCode::kDeadlineExceeded,
                "expired before completing: after " + std::to_string(millis(timeout)) + " ms " +
                    std::to_string(acknowledged) + " of " + std::to_string(subtasks_) +
                    " subtasks had acknowledged"));
  });
  history_.began(id, kind == SnapshotKind::kSavepoint, pending->trigger_millis);
  const runtime::CheckpointOrder order{.checkpoint = id,
                                       .timestamp_millis = pending->trigger_millis,
                                       .savepoint = kind == SnapshotKind::kSavepoint};
  reportProgress(*pending);
  if (kind == SnapshotKind::kPeriodic) {
    pacer_.began();
  }
  pending_.emplace(id, std::move(pending));
  tasks_.trigger(order);
  return id;
}

void CheckpointCoordinator::takeSavepoint(SavepointCallbacks savepoint) {
  if (!running_) {
    savepoint.done(
        Error(ErrorCode::kFailedPrecondition, "the tasks of the job are not all running"));
    return;
  }
  trigger(SnapshotKind::kSavepoint, std::move(savepoint), {});
}

void CheckpointCoordinator::takeFinal(Callback<CheckpointId> done) {
  if (!running_) {
    done(Error(ErrorCode::kFailedPrecondition, "the tasks of the job are not all running"));
    return;
  }
  pacer_.stop();
  trigger(SnapshotKind::kFinal, {}, std::move(done));
}

// ------------------------------------------------------------------------------------- answers

void CheckpointCoordinator::acknowledge(const runtime::CheckpointAck& ack) {
  auto found = pending_.find(ack.checkpoint);
  if (found == pending_.end()) {
    discardLate(ack);
    return;
  }
  PendingCheckpoint& pending = *found->second;
  if (pending.acks.contains(ack.task)) {
    return;  // Said twice: the same files.
  }
  if (Status taken = take(ack); !taken) {
    abort(ack.checkpoint, std::move(taken).error().during("task " + tasks_.describe(ack.task)));
    discardLate(ack);
    return;
  }
  pending.acks.emplace(ack.task, ack);
  const std::uint64_t bytes = bytesOf(ack);
  pending.bytes += bytes;
  history_.acknowledged(ack, bytes, services_.clock.now() - pending.triggered);
  reportProgress(pending);
  if (pending.acks.size() == subtasks_) {
    Pending whole = std::move(found->second);
    pending_.erase(found);
    complete(std::move(whole));
  }
}

/// Checks what an acknowledgement names, and claims what it brings to the job manager.
Status CheckpointCoordinator::take(const runtime::CheckpointAck& ack) {
  const std::string directory =
      onFiles() ? snapshot::checkpointDirectory(directory_, ack.checkpoint) : std::string();
  WEIR_RETURN_IF_ERROR(checkLocations(ack, directory));
  WEIR_RETURN_IF_ERROR(checkOperators(ack, graph_));
  return onFiles() ? ok() : services_.blobs.retain(setup_.origin.job, ack);
}

void CheckpointCoordinator::reportProgress(const PendingCheckpoint& pending) {
  if (pending.savepoint.progress) {
    pending.savepoint.progress({.checkpoint = pending.id,
                                .acknowledged = static_cast<std::uint32_t>(pending.acks.size()),
                                .subtasks = subtasks_,
                                .bytes = pending.bytes});
  }
}

void CheckpointCoordinator::decline(const runtime::CheckpointDecline& decline) {
  const std::string host = tasks_.hostOf(decline.task);
  abort(decline.checkpoint,
        Error(ErrorCode::kFailedPrecondition,
              "declined by task " + tasks_.describe(decline.task) +
                  (host.empty() ? "" : " on " + host) + ": " + decline.reason));
}

void CheckpointCoordinator::abort(CheckpointId id, const Error& why) {
  auto found = pending_.find(id);
  if (found == pending_.end()) {
    return;
  }
  Pending pending = std::move(found->second);
  pending_.erase(found);
  removal_.aborted(id, std::move(pending->acks));
  tasks_.notify(id, false);
  fail(*pending, why);
}

void CheckpointCoordinator::fail(PendingCheckpoint& pending, const Error& why) {
  pending.timeout.reset();
  history_.failed(pending.id, services_.clock.now() - pending.triggered, why);
  const bool savepoint = pending.kind == SnapshotKind::kSavepoint;
  log::warn(savepoint ? "savepoint failed" : "checkpoint failed",
            {{"job", setup_.origin.job.hex()},
             {"id", pending.id.value()},
             {"reason", cutText(why.text(), kMostLoggedBytes)}});
  if (pending.kind == SnapshotKind::kPeriodic) {
    pacer_.ended();
  }
  if (pending.savepoint.done) {
    std::exchange(pending.savepoint.done, {})(why);
  }
  if (pending.final_done) {
    std::exchange(pending.final_done, {})(why);
  }
}

// ------------------------------------------------------------------------------------ completion

void CheckpointCoordinator::complete(Pending pending) {
  pending->timeout.reset();
  pending->acknowledged = services_.clock.now();
  const Duration took = pending->acknowledged - pending->triggered;
  runtime::CheckpointMetadata metadata = toMetadata(*pending, graph_, setup_.origin, millis(took));
  writer_.write(std::move(pending), std::move(metadata));
}

void CheckpointCoordinator::writeFailed(PendingCheckpoint& pending, const Error& why) {
  removal_.aborted(pending.id, std::move(pending.acks));
  tasks_.notify(pending.id, false);
  fail(pending, why);
}

/// The pointer to it stands in the store of jobs; now it is complete, and only then older ones go.
void CheckpointCoordinator::stored(WrittenCheckpoint& written, bool pointed) {
  PendingCheckpoint& pending = *written.pending;
  const CheckpointId id = pending.id;
  const bool savepoint = pending.kind == SnapshotKind::kSavepoint;
  reportCompleted(pending, savepoint ? written.kept.result.path : written.completed.directory);
  subsumeOlderThan(id);
  if (savepoint) {
    written.kept.result.warnings = uidWarnings(written.completed.metadata, graph_);
  }
  recordCompleted(written, pointed);
  if (pending.kind == SnapshotKind::kPeriodic) {
    pacer_.ended();
  }
  if (pending.savepoint.done) {
    runtime::SavepointResult& result = written.kept.result;
    result.checkpoint = id;
    result.bytes = pending.bytes;
    std::exchange(pending.savepoint.done, {})(std::move(result));
  }
  if (pending.final_done) {
    std::exchange(pending.final_done, {})(id);
  }
}

/// Where a savepoint could not become what its job recovers from, the tasks are not notified, as
/// commits of sinks must wait for what the job does recover from.
void CheckpointCoordinator::recordCompleted(WrittenCheckpoint& written, bool pointed) {
  const CheckpointId id = written.pending->id;
  CompletedCheckpoint& completed = written.completed;
  const bool savepoint = written.pending->kind == SnapshotKind::kSavepoint;
  const bool pinned = savepoint && written.kept.shares_data;
  if (savepoint && !pinned && !ownedHandles(completed.metadata).empty()) {
    removal_.own(id);
  }
  if (pointed) {
    std::vector<CompletedCheckpoint> outdated = store_.add(std::move(completed), pinned);
    tasks_.notify(id, true);
    tasks_.checkpointCompleted(id);
    for (CompletedCheckpoint& old : outdated) {
      removal_.discard(std::move(old));
    }
  } else if (pinned) {
    store_.pin(id);
  } else {
    removal_.discard(std::move(completed));
  }
}

void CheckpointCoordinator::reportCompleted(const PendingCheckpoint& pending,
                                            const std::string& path) {
  const SteadyTime now = services_.clock.now();
  history_.completed(pending.id, now - pending.triggered, now - pending.acknowledged, path);
  log::info(
      pending.kind == SnapshotKind::kSavepoint ? "savepoint completed" : "checkpoint completed",
      {{"job", setup_.origin.job.hex()},
       {"id", pending.id.value()},
       {"bytes", pending.bytes},
       {"ms", millis(now - pending.triggered)},
       {"path", path}});
}

void CheckpointCoordinator::subsumeOlderThan(CheckpointId id) {
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

// ------------------------------------------------------------------------------------------ the
// end

void CheckpointCoordinator::discardLate(const runtime::CheckpointAck& ack) {
  if (Status removed = removal_.late(ack); !removed) {
    log::warn("state of an aborted checkpoint is not removed",
              {{"job", setup_.origin.job.hex()},
               {"id", ack.checkpoint.value()},
               {"reason", "task " + tasks_.describe(ack.task) + " " + removed.error().message()}});
  }
}

bool CheckpointCoordinator::releaseSavepoint(CheckpointId id) {
  removal_.disown(id);
  return store_.unpin(id);
}

void CheckpointCoordinator::end(bool keep_latest, std::function<void()> done) {
  keep_latest = keep_latest && onFiles();
  work_.whenIdle([this, keep_latest, done = std::move(done)] {
    std::set<CheckpointId> kept = keptAtTheEnd(keep_latest);
    for (CompletedCheckpoint& old : store_.drain(keep_latest)) {
      removal_.discard(std::move(old));
    }
    removal_.end(std::move(kept), done);
  });
}

std::set<CheckpointId> CheckpointCoordinator::keptAtTheEnd(bool keep_latest) const {
  std::set<CheckpointId> kept = store_.pinnedIds();
  if (keep_latest && store_.latest() != nullptr) {
    kept.insert(store_.latest()->metadata.checkpoint);
    log::info("the last checkpoint of the failed job stays",
              {{"job", setup_.origin.job.hex()}, {"path", store_.latest()->directory}});
  }
  return kept;
}

}  // namespace weir::jobmanager
