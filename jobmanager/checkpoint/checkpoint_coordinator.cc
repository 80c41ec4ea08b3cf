#include "jobmanager/checkpoint/checkpoint_coordinator.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"
#include "common/fs/uri.h"
#include "common/snapshot/layout.h"
#include "common/snapshot/metadata_file.h"
#include "common/snapshot/state_files.h"
#include "common/telemetry/log.h"
#include "jobmanager/checkpoint/use_marks.h"

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

}  // namespace

CheckpointCoordinator::CheckpointCoordinator(const CheckpointServices& services,
                                             const graph::JobGraph& graph,
                                             Setup setup,
                                             CheckpointedTasks& tasks)
    : services_(services),
      graph_(graph),
      setup_(std::move(setup)),
      tasks_(tasks),
      store_(setup_.retained),
      history_(setup_.history),
      work_(services.strand, services.io, services.file_bounds, setup_.storage.directory),
      discards_(services.strand, services.io) {
  for (const graph::JobVertex& vertex : graph_.vertices) {
    subtasks_ += vertex.parallelism;
  }
}

void CheckpointCoordinator::resume(std::vector<CompletedCheckpoint> retained) {
  resumed_ = true;
  for (CompletedCheckpoint& one : retained) {
    continueAfter(one.metadata.checkpoint);
    const bool pinned = one.metadata.savepoint;
    static_cast<void>(store_.add(std::move(one), pinned));  // They were retained before.
  }
}

// ------------------------------------------------------------------------------------- schedule

void CheckpointCoordinator::start() {
  running_ = true;
  finishing_ = false;
  queued_ = false;
  if (graph_.checkpoints.enabled) {
    scheduleTick(graph_.checkpoints.interval);
  }
}

void CheckpointCoordinator::stop(const Error& why) {
  running_ = false;
  tick_.reset();
  queued_ = false;
  while (!pending_.empty()) {
    abort(pending_.begin()->first, why);
  }
}

void CheckpointCoordinator::attemptEnded() {
  services_.blobs.store().state().forgetUploads(setup_.origin.job);
  for (const CheckpointId id : std::exchange(leftover_, {})) {
    if (discarding_.contains(id)) {
      leftover_.insert(id);  // For the next time, or the end.
    } else if (!undiscarded_.contains(id)) {
      removeDirectory(directoryOf(id), {});
    }
  }
}

void CheckpointCoordinator::scheduleTick(Duration delay) {
  tick_ = services_.strand.schedule(delay, [this] { tick(); });
}

void CheckpointCoordinator::tick() {
  if (!running_ || finishing_) {
    return;
  }
  if (mustWait()) {
    queued_ = true;  // Fired when a checkpoint or a removal ends.
    return;
  }
  const SteadyTime earliest = last_end_ + graph_.checkpoints.min_pause;
  if (last_end_ != SteadyTime{} && services_.clock.now() < earliest) {
    scheduleTick(earliest - services_.clock.now());
    return;
  }
  scheduleTick(graph_.checkpoints.interval);
  trigger(SnapshotKind::kPeriodic, {}, {});
}

bool CheckpointCoordinator::mustWait() {
  if (removals_ >= setup_.most_removals && !std::exchange(removals_lag_, true)) {
    log::warn(
        "removing old checkpoints takes longer than taking new ones: the next one waits",
        {{"job", setup_.origin.job.hex()},
         {"outstanding", removals_},
         {"bound", "state.checkpoints.max-pending-removals"},
         {"advice", "look at the checkpoint directory's file system, or raise the interval"}});
  }
  return unstored_ >= graph_.checkpoints.max_concurrent || removals_ >= setup_.most_removals;
}

void CheckpointCoordinator::fireQueued() {
  if (queued_ && !mustWait()) {
    queued_ = false;
    scheduleTick(Duration::zero());
  }
}

bool CheckpointCoordinator::hasPendingSavepoints() const {
  return completing_savepoints_ > 0 ||
         std::any_of(pending_.begin(), pending_.end(), [](const auto& one) {
           return one.second->kind == SnapshotKind::kSavepoint;
         });
}

CheckpointId CheckpointCoordinator::trigger(SnapshotKind kind,
                                            SavepointOrder savepoint,
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
  CheckpointView view;
  view.id = id;
  view.savepoint = kind == SnapshotKind::kSavepoint;
  view.trigger_millis = pending->trigger_millis;
  view.subtasks = subtasks_;
  history_.begin(std::move(view));
  const runtime::CheckpointOrder order{.checkpoint = id,
                                       .timestamp_millis = pending->trigger_millis,
                                       .savepoint = kind == SnapshotKind::kSavepoint};
  reportProgress(*pending);
  unstored_ += kind == SnapshotKind::kPeriodic ? 1 : 0;
  pending_.emplace(id, std::move(pending));
  tasks_.trigger(order);
  return id;
}

void CheckpointCoordinator::takeSavepoint(SavepointOrder order) {
  if (!running_) {
    order.done(Error(ErrorCode::kFailedPrecondition, "the tasks of the job are not all running"));
    return;
  }
  trigger(SnapshotKind::kSavepoint, std::move(order), {});
}

void CheckpointCoordinator::takeFinal(Callback<CheckpointId> done) {
  if (!running_) {
    done(Error(ErrorCode::kFailedPrecondition, "the tasks of the job are not all running"));
    return;
  }
  finishing_ = true;
  tick_.reset();
  queued_ = false;
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
  pending.bytes += bytesOf(ack);
  if (CheckpointView* view = history_.find(pending.id)) {
    view->acknowledged = static_cast<std::uint32_t>(pending.acks.size());
    view->bytes = pending.bytes;
  }
  reportProgress(pending);
  if (pending.acks.size() == subtasks_) {
    Pending whole = std::move(found->second);
    pending_.erase(found);
    complete(std::move(whole));
  }
}

/// Checks what an acknowledgement names, and claims what it brings to the job manager.
Status CheckpointCoordinator::take(const runtime::CheckpointAck& ack) {
  WEIR_RETURN_IF_ERROR(checkLocations(ack, directoryOf(ack.checkpoint)));
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
  abort(decline.checkpoint,
        Error(ErrorCode::kFailedPrecondition,
              "declined by task " + tasks_.describe(decline.task) + ": " + decline.reason));
}

void CheckpointCoordinator::abort(CheckpointId id, const Error& why) {
  auto found = pending_.find(id);
  if (found == pending_.end()) {
    return;
  }
  Pending pending = std::move(found->second);
  pending_.erase(found);
  discardAcks(*pending);
  tasks_.notify(id, false);
  fail(*pending, why);
}

void CheckpointCoordinator::fail(PendingCheckpoint& pending, const Error& why) {
  pending.timeout.reset();
  history_.countFailed();
  const Duration took = services_.clock.now() - pending.triggered;
  if (CheckpointView* view = history_.find(pending.id)) {
    view->status = CheckpointView::Status::kFailed;
    view->duration_millis = millis(took);
    view->failure = cutText(why.text(), kMostLoggedBytes);
  }
  const bool savepoint = pending.kind == SnapshotKind::kSavepoint;
  log::warn(savepoint ? "savepoint failed" : "checkpoint failed",
            {{"job", setup_.origin.job.hex()},
             {"id", pending.id.value()},
             {"reason", cutText(why.text(), kMostLoggedBytes)}});
  if (pending.kind == SnapshotKind::kPeriodic) {
    --unstored_;
    last_end_ = services_.clock.now();
    fireQueued();
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
  std::shared_ptr<PendingCheckpoint> whole = std::move(pending);  // Shared with the work's answer.
  const Duration took = services_.clock.now() - whole->triggered;
  runtime::CheckpointMetadata metadata = toMetadata(*whole, graph_, setup_.origin, millis(took));
  completing_savepoints_ += whole->kind == SnapshotKind::kSavepoint ? 1 : 0;
  work_.hold();  // Until finish() or writeFailed().
  if (!onFiles()) {
    keepSavepoint(std::move(whole), std::move(metadata));
    return;
  }
  metadata.data_directory = directoryOf(whole->id);
  snapshot::makeRelative(metadata);
  work_.run(
      [&files = services_.files,
       metadata,
       most = setup_.metadata_limit,
       mark = !marked_,
       directory = setup_.storage.directory,
       holder = setup_.holder]() -> Status {
        if (mark) {  // First, so that no other cluster finds a checkpoint without.
          WEIR_RETURN_IF_ERROR(writeMark(files, directory, metadata.job, holder));
        }
        return snapshot::writeMetadata(files, metadata.data_directory, metadata, most);
      },
      [this, whole, metadata](const Status& written) mutable {
        marked_ = marked_ || written.has_value();
        if (written) {
          keepSavepoint(std::move(whole), std::move(metadata));
        } else {
          writeFailed(*whole, written.error());
        }
      });
}

void CheckpointCoordinator::keepSavepoint(std::shared_ptr<PendingCheckpoint> pending,
                                          runtime::CheckpointMetadata metadata) {
  std::string directory = metadata.data_directory;
  if (pending->kind != SnapshotKind::kSavepoint) {
    finish({std::move(pending), {std::move(metadata), std::move(directory)}, {}});
    return;
  }
  auto keep = pending->savepoint.keep;
  keep(metadata, [this, pending, metadata, directory](Result<KeptSavepoint> kept) mutable {
    if (kept) {
      finish({pending, {std::move(metadata), std::move(directory)}, *std::move(kept)});
    } else {
      writeFailed(*pending, kept.error());
    }
  });
}

void CheckpointCoordinator::writeFailed(PendingCheckpoint& pending, const Error& why) {
  completing_savepoints_ -= pending.kind == SnapshotKind::kSavepoint ? 1 : 0;
  discardAcks(pending);
  tasks_.notify(pending.id, false);
  fail(pending, why);
  work_.release();
}

/// The order of things is what recovery rests on: the metadata is durable by now, then the pointer
/// stands in the job store, then the checkpoint is complete, and only then older ones go. Pointers
/// are written one after the other, as each names all that are retained.
void CheckpointCoordinator::finish(Written written) {
  written_.push_back(std::move(written));
  if (written_.size() == 1) {
    pointToNext();
  }
}

void CheckpointCoordinator::pointToNext() {
  const CompletedCheckpoint& next = written_.front().completed;
  std::vector<ha::CheckpointPointer> retained = store_.pointersWith(next);
  const bool news = std::any_of(retained.begin(), retained.end(), [&](const auto& one) {
    return one.id == next.metadata.checkpoint;
  });
  if (news) {
    tasks_.point(std::move(retained), [this](const Status& answer) { pointed(answer); });
  } else {
    pointed(ok());
  }
}

void CheckpointCoordinator::pointed(const Status& pointed) {
  Written& written = written_.front();
  if (!pointed && written.pending->kind != SnapshotKind::kSavepoint) {
    writeFailed(*written.pending, pointed.error());
  } else {
    store(written, pointed.has_value());
  }
  written_.pop_front();
  if (!written_.empty()) {
    pointToNext();
  }
}

/// A savepoint is its user's, also when it could not become what its job recovers from: then the
/// tasks are not notified, as commits of sinks must wait for what the job does recover from.
void CheckpointCoordinator::store(Written& written, bool pointed) {
  auto& [whole, completed, kept] = written;
  PendingCheckpoint& pending = *whole;
  const CheckpointId id = pending.id;
  const bool savepoint = pending.kind == SnapshotKind::kSavepoint;
  completing_savepoints_ -= savepoint ? 1 : 0;
  reportCompleted(pending, savepoint ? kept.result.path : completed.directory);
  subsumeOlderThan(id);
  const bool pinned = savepoint && kept.shares_data;
  if (savepoint) {
    kept.result.warnings = uidWarnings(completed.metadata, graph_);
  }
  if (savepoint && !pinned && !ownedHandles(completed.metadata).empty()) {
    handles_kept_.insert(id);
  }
  if (pointed) {
    std::vector<CompletedCheckpoint> outdated = store_.add(std::move(completed), pinned);
    tasks_.notify(id, true);
    tasks_.checkpointCompleted(id);
    for (CompletedCheckpoint& old : outdated) {
      discard(std::move(old));
    }
  } else if (pinned) {
    store_.pin(id);
  } else {
    discard(std::move(completed));
  }
  if (pending.kind == SnapshotKind::kPeriodic) {
    --unstored_;
    last_end_ = services_.clock.now();
    fireQueued();
  }
  if (pending.savepoint.done) {
    kept.result.checkpoint = id;
    kept.result.bytes = pending.bytes;
    std::exchange(pending.savepoint.done, {})(std::move(kept.result));
  }
  if (pending.final_done) {
    std::exchange(pending.final_done, {})(id);
  }
  work_.release();
}

void CheckpointCoordinator::reportCompleted(const PendingCheckpoint& pending,
                                            const std::string& path) {
  const std::int64_t took = millis(services_.clock.now() - pending.triggered);
  if (CheckpointView* view = history_.find(pending.id)) {
    view->status = CheckpointView::Status::kCompleted;
    view->duration_millis = took;
    view->path = path;
  }
  history_.countCompleted();
  log::info(
      pending.kind == SnapshotKind::kSavepoint ? "savepoint completed" : "checkpoint completed",
      {{"job", setup_.origin.job.hex()},
       {"id", pending.id.value()},
       {"bytes", pending.bytes},
       {"ms", took},
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

}  // namespace weir::jobmanager
