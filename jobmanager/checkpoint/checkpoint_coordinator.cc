#include "jobmanager/checkpoint/checkpoint_coordinator.h"

#include <algorithm>
#include <utility>

#include "common/base/crash_point.h"
#include "common/base/text.h"
#include "common/snapshot/layout.h"
#include "common/telemetry/log.h"

namespace weir::jobmanager {
namespace {

std::int64_t millis(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

std::string directoryIn(const runtime::CheckpointStorage& storage) {
  const bool on_files = storage.kind == runtime::CheckpointStorage::Kind::kFileSystem;
  return on_files ? storage.directory : std::string();
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
      tasks_(tasks),
      work_(services.strand, services.io, services.file_bounds, setup_.storage.directory),
      retention_(services,
                 graph,
                 work_,
                 tasks,
                 {.job = setup_.origin.job,
                  .directory = directory_,
                  .subtasks = PendingCheckpoints::subtasksOf(graph),
                  .program = setup_.program,
                  .metadata_limit = setup_.metadata_limit},
                 setup_.retained,
                 [this] { pacer_.removalEnded(); }),
      history_(graph, setup_.history, tasks),
      pending_(services,
               graph,
               {setup_.origin.job, directory_},
               tasks,
               retention_.stored(),
               history_,
               {.acknowledged = [this](auto whole) { complete(std::move(whole)); },
                .aborted = [this](auto part, const Error& why) { aborted(*part, why); },
                .refused = [this](Wanted& wanted, const Error& why) { fail(wanted, why); },
                .late = [this](const auto& ack) { discardLate(ack); }}),
      writer_(services.files,
              work_,
              retention_.stored(),
              {directory_, setup_.metadata_limit, setup_.holder},
              {.stored = [this](auto& written, bool pointed) { stored(written, pointed); },
               .failed = [this](auto& pending, const Error& why) { aborted(pending, why); }}),
      pacer_(
          services.strand,
          services.clock,
          graph.checkpoints,
          {setup_.origin.job, setup_.most_removals},
          [this] { return retention_.removal().outstanding(); },
          [this] {
            pacer_.began();
            pending_.begin({});
          }) {}

void CheckpointCoordinator::adopt() {
  if (const CompletedCheckpoint* latest = retention_.latest()) {
    pending_.adopt(latest->metadata);
    tasks_.notify(latest->metadata.checkpoint, true);
  }
  for (const CheckpointId id : retention_.abortLeft()) {
    tasks_.notify(id, false);
  }
  crashPoint("adoption.notified");
}

void CheckpointCoordinator::start() {
  running_ = true;
  retention_.discardLeft();
  pacer_.start();
}

void CheckpointCoordinator::stop(const Error& why) {
  running_ = false;
  pacer_.stop();
  pending_.abortAll(why);
  pending_.attemptEnded();
}

void CheckpointCoordinator::attemptEnded() {
  services_.blobs.store().state().forgetUploads(setup_.origin.job);
  retention_.attemptEnded();
}

bool CheckpointCoordinator::hasPendingSavepoints() const {
  return writer_.hasSavepoints() || pending_.hasSavepoints();
}

void CheckpointCoordinator::takeSavepoint(SavepointCallbacks savepoint) {
  if (!running_) {
    savepoint.done(
        Error(ErrorCode::kFailedPrecondition, "the tasks of the job are not all running"));
    return;
  }
  if (savepoint.stops()) {
    pacer_.stop();
  }
  pending_.begin({.kind = SnapshotKind::kSavepoint, .savepoint = std::move(savepoint)});
}

void CheckpointCoordinator::takeFinal(Callback<CheckpointId> done) {
  if (!running_) {
    done(Error(ErrorCode::kFailedPrecondition, "the tasks of the job are not all running"));
    return;
  }
  pacer_.stop();
  pending_.begin({.kind = SnapshotKind::kFinal, .final_done = std::move(done)});
}

/// Also of one that all have acknowledged, but that could not be written.
void CheckpointCoordinator::aborted(PendingCheckpoint& pending, const Error& why) {
  retention_.removal().aborted(pending.id, std::move(pending.acks), [this, id = pending.id] {
    retention_.stored().drop(id);
  });
  retention_.shared().release(pending.id);
  tasks_.notify(pending.id, false);
  history_.failed(pending.id, services_.clock.now() - pending.triggered, why);
  const bool savepoint = pending.kind == SnapshotKind::kSavepoint;
  log::warn(savepoint ? "savepoint failed" : "checkpoint failed",
            {{"job", setup_.origin.job.hex()},
             {"id", pending.id.value()},
             {"reason", cutText(why.text(), kMostLoggedBytes)}});
  Wanted wanted{pending.kind, std::move(pending.savepoint), std::move(pending.final_done)};
  fail(wanted, why);
}

void CheckpointCoordinator::fail(Wanted& wanted, const Error& why) {
  if (wanted.kind == SnapshotKind::kPeriodic) {
    pacer_.ended();
  }
  if (wanted.savepoint.stops() && running_) {
    pacer_.start();
  }
  wanted.fail(why);
}

void CheckpointCoordinator::complete(PendingCheckpoints::Pending pending) {
  crashPoint("snapshot.acknowledged");
  const Duration took = pending->acknowledged - pending->triggered;
  runtime::CheckpointMetadata metadata = toMetadata(*pending, graph_, setup_.origin, millis(took));
  if (const Status admitted = retention_.shared().admit(metadata); !admitted) {
    aborted(*pending, admitted.error());
    return;
  }
  writer_.write(std::move(pending), std::move(metadata));
}

/// The pointer to it stands in the store of jobs; now it is complete, and only then older ones go.
void CheckpointCoordinator::stored(WrittenCheckpoint& written, bool pointed) {
  PendingCheckpoint& pending = *written.pending;
  const CheckpointId id = pending.id;
  const bool savepoint = pending.kind == SnapshotKind::kSavepoint;
  reportCompleted(pending, savepoint ? written.kept.result.path : written.completed.directory);
  pending_.subsumeOlderThan(id);
  if (savepoint) {
    written.kept.result.warnings = uidWarnings(written.completed.metadata, graph_);
  }
  recordCompleted(written, pointed);
  if (pending.kind == SnapshotKind::kPeriodic) {
    pacer_.ended();
  }
  if (pending.savepoint.done) {
    crashPoint("savepoint.answer");
    answer(pending, written.kept.result, pointed);
  }
  if (pending.final_done) {
    std::exchange(pending.final_done, {})(id);
  }
}

void CheckpointCoordinator::answer(PendingCheckpoint& pending,
                                   const runtime::SavepointResult& result,
                                   bool pointed) {
  auto done = std::exchange(pending.savepoint.done, {});
  if (!pending.savepoint.stops() || pointed) {
    done(result);
    return;
  }
  tasks_.notify(pending.id, false);  // Sources go on.
  if (running_) {
    pacer_.start();
  }
  done(Error(ErrorCode::kUnavailable,
             "savepoint " + result.path +
                 " is complete, but the store of jobs did not take that the job stops with it")
           .advise("look into the job manager's log, and stop the job again"));
}

/// Where a savepoint could not become what its job recovers from, the tasks are not notified, as
/// commits of sinks must wait for what the job does recover from.
void CheckpointCoordinator::recordCompleted(WrittenCheckpoint& written, bool pointed) {
  const CheckpointId id = written.pending->id;
  CompletedCheckpoint& completed = written.completed;
  const bool savepoint = written.pending->kind == SnapshotKind::kSavepoint;
  const bool pinned = savepoint && written.kept.shares_data;
  if (savepoint && !pinned && !ownedHandles(completed.metadata).empty()) {
    retention_.removal().own(id);
  }
  if (pointed) {
    std::vector<CompletedCheckpoint> outdated = retention_.add(std::move(completed), pinned);
    written.pending->descriptions->remember(written.pending->acks);
    tasks_.notify(id, true);
    tasks_.checkpointCompleted(id);
    for (CompletedCheckpoint& old : outdated) {
      retention_.discard(std::move(old));
    }
    retention_.shared().completed(id);
  } else if (pinned) {
    retention_.pin(id);
  } else {
    retention_.discard(std::move(completed));
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

void CheckpointCoordinator::discardLate(const runtime::CheckpointAck& ack) {
  if (Status removed = retention_.removal().late(ack); !removed) {
    log::warn("state of an aborted checkpoint is not removed",
              {{"job", setup_.origin.job.hex()},
               {"id", ack.checkpoint.value()},
               {"reason", "task " + tasks_.describe(ack.task) + " " + removed.error().message()}});
  }
}

}  // namespace weir::jobmanager
