// How checkpoints go: the state of aborted and outdated ones, and the end; the other half of
// checkpoint_coordinator.cc.

#include <utility>

#include "common/base/text.h"
#include "common/fs/uri.h"
#include "common/snapshot/layout.h"
#include "common/snapshot/metadata_file.h"
#include "common/snapshot/state_files.h"
#include "common/telemetry/log.h"
#include "jobmanager/checkpoint/checkpoint_coordinator.h"
#include "jobmanager/checkpoint/directory_removal.h"
#include "jobmanager/checkpoint/use_marks.h"

namespace weir::jobmanager {
namespace {

constexpr std::size_t kRememberedAborts = 1000;

/// Names in the directory of the checkpoint, as checkLocations() has seen to.
std::vector<std::string> filesOf(const runtime::CheckpointAck& ack) {
  std::vector<std::string> files;
  for (const runtime::OperatorSnapshot& one : ack.operators) {
    if (one.handle.storage == runtime::StateHandle::Storage::kFile) {
      files.push_back(fs::nameOf(one.handle.location));
    }
  }
  return files;
}

/// Whether a savepoint may point to the checkpoint in this directory.
bool isSavepoint(fs::FileSystem& files, const std::string& directory, std::uint64_t most) {
  const auto metadata = snapshot::readMetadata(files, directory, {}, most);
  return metadata ? metadata->savepoint : metadata.error().code() != ErrorCode::kNotFound;
}

}  // namespace

void CheckpointCoordinator::discardLate(const runtime::CheckpointAck& ack) {
  if (!aborted_.contains(ack.checkpoint)) {
    return;  // Of a completed one: said again, and its files are in use.
  }
  if (Status usable = checkLocations(ack, directoryOf(ack.checkpoint)); !usable) {
    log::warn("state of an aborted checkpoint is not removed",
              {{"job", setup_.origin.job.hex()},
               {"id", ack.checkpoint.value()},
               {"reason", "task " + tasks_.describe(ack.task) + " " + usable.error().message()}});
    return;
  }
  std::vector<OwnedHandle> handles = ownedHandles(graph_, ack);
  if (!handles.empty() && !discarded_tasks_[ack.checkpoint].insert(ack.task).second) {
    return;  // Said twice: its files are in use until its handles are discarded.
  }
  Result<blob::StateShare> held =
      onFiles() ? blob::StateShare() : services_.blobs.holdUploads(setup_.origin.job, ack);
  if (!held) {
    return;  // Its uploads are here no more: with their leases, or as this is said again.
  }
  discardHandles(ack.checkpoint, std::move(handles), [this, ack, held = *std::move(held)] {
    services_.blobs.release(held);
    removeFiles(ack.checkpoint, filesOf(ack));
  });
}

/// What take() claimed.
void CheckpointCoordinator::giveBack(const runtime::CheckpointAck& ack) {
  if (!onFiles()) {
    services_.blobs.release(ack);
  }
}

void CheckpointCoordinator::discardAcks(PendingCheckpoint& pending) {
  remember(pending.id);
  std::vector<OwnedHandle> handles;
  for (const auto& [task, ack] : pending.acks) {
    for (OwnedHandle& handle : ownedHandles(graph_, ack)) {
      discarded_tasks_[pending.id].insert(task);
      handles.push_back(std::move(handle));
    }
  }
  discardHandles(
      pending.id, std::move(handles), [this, id = pending.id, acks = std::move(pending.acks)] {
        std::vector<std::string> files;
        for (const auto& [task, ack] : acks) {
          giveBack(ack);
          const std::vector<std::string> its = filesOf(ack);
          files.insert(files.end(), its.begin(), its.end());
        }
        if (setup_.program == nullptr || acks.size() == subtasks_) {
          removeDirectory(directoryOf(id), std::move(files));
        } else {
          // The other tasks' handles are read after their acknowledgements, which may be on their
          // way: what never arrives goes with the attempt.
          removeFiles(id, std::move(files));
        }
      });
}

/// Both sets are bounded, as an attempt may run, and checkpoints may fail, for months. What the
/// oldest one left is removed early: nobody writes for it after so many later ones.
void CheckpointCoordinator::remember(CheckpointId aborted) {
  aborted_.insert(aborted);
  if (aborted_.size() > kRememberedAborts) {
    discarded_tasks_.erase(*aborted_.begin());
    aborted_.erase(aborted_.begin());
  }
  leftover_.insert(aborted);
  if (leftover_.size() > kRememberedAborts) {
    const CheckpointId oldest = *leftover_.begin();
    leftover_.erase(leftover_.begin());
    if (!discarding_.contains(oldest) && !undiscarded_.contains(oldest)) {
      removeDirectory(directoryOf(oldest), {});
    }
  }
}

void CheckpointCoordinator::removalEnded() {
  --removals_;
  removals_lag_ = removals_lag_ && removals_ > 0;
  fireQueued();
}

/// Removes files of one checkpoint, and its directory once nothing else is in it.
void CheckpointCoordinator::removeFiles(CheckpointId id, std::vector<std::string> names) {
  if (!onFiles()) {
    return;
  }
  ++removals_;
  work_.run(
      [&files = services_.files, names = std::move(names), directory = directoryOf(id)] {
        Status first = ok();
        for (const std::string& name : names) {
          Status removed = files.removeFile(fs::join(directory, name));
          if (first) {
            first = std::move(removed);
          }
        }
        Status removed = files.removeDirectory(directory);
        return first ? std::move(removed) : std::move(first);
      },
      [this](const Status&) {  // A directory that is not empty refuses, and is swept later.
        removalEnded();
      });
}

std::string CheckpointCoordinator::directoryOf(CheckpointId id) const {
  return onFiles() ? snapshot::checkpointDirectory(setup_.storage.directory, id) : std::string();
}

void CheckpointCoordinator::discard(CompletedCheckpoint checkpoint) {
  const CheckpointId id = checkpoint.metadata.checkpoint;
  std::vector<OwnedHandle> handles = handlesOf(checkpoint);
  // Moved along: state on the job manager stands in the metadata.
  discardHandles(id, std::move(handles), [this, checkpoint = std::move(checkpoint)] {
    services_.blobs.release(checkpoint.metadata);
    removeDirectory(checkpoint.directory, snapshot::dataFiles(checkpoint.metadata));
  });
}

bool CheckpointCoordinator::releaseSavepoint(CheckpointId id) {
  handles_kept_.erase(id);
  return store_.unpin(id);
}

std::vector<OwnedHandle> CheckpointCoordinator::handlesOf(
    const CompletedCheckpoint& checkpoint) const {
  return handles_kept_.contains(checkpoint.metadata.checkpoint) ? std::vector<OwnedHandle>()
                                                                : ownedHandles(checkpoint.metadata);
}

/// Then, and only when all were, `then`: without the other state nobody could read them.
void CheckpointCoordinator::discardHandles(CheckpointId id,
                                           std::vector<OwnedHandle> handles,
                                           std::function<void()> then) {
  if (handles.empty()) {
    then();
    return;
  }
  const std::string owner =
      "checkpoint " + std::to_string(id.value()) + " of job " + setup_.origin.job.hex();
  discarding_.insert(id);
  ++removals_;
  discards_.hold();
  services_.discarder.discard(
      {.owner = owner, .program = setup_.program, .handles = std::move(handles)},
      [this, id, owner, then = std::move(then)](const Result<std::vector<std::string>>& discarded) {
        discarding_.erase(discarding_.find(id));
        if (discarded) {
          for (const std::string& error : *discarded) {
            log::warn("a state handle was not discarded in order",
                      {{"owner", owner}, {"reason", cutText(error, kMostLoggedBytes)}});
          }
          then();
        } else {
          undiscarded_.insert(id);
          log::error("state handles were not discarded, their checkpoint stays",
                     {{"owner", owner},
                      {"reason", discarded.error().message()},
                      {"path", directoryOf(id)},
                      {"advice", "discard it with `weir savepoint -d PATH PROGRAM`"}});
        }
        removalEnded();
        discards_.release();
      });
}

void CheckpointCoordinator::removeDirectory(const std::string& directory,
                                            std::vector<std::string> names) {
  if (directory.empty()) {
    return;
  }
  ++removals_;
  work_.run(
      [&files = services_.files, directory, names = std::move(names)] {
        return removeCheckpointDirectory(files, directory, names);
      },
      [this, directory](const Status& removed) {
        if (!removed) {
          log::warn("a checkpoint that is no longer needed could not be removed",
                    {{"path", directory}, {"reason", removed.error().message()}});
        }
        removalEnded();
      });
}

void CheckpointCoordinator::end(bool keep_latest, std::function<void()> done) {
  keep_latest = keep_latest && onFiles();
  work_.whenIdle([this, keep_latest, done = std::move(done)] {
    std::set<std::string> kept = keptDirectories(keep_latest);
    for (CompletedCheckpoint& old : store_.drain(keep_latest)) {
      discard(std::move(old));
    }
    discards_.whenIdle([this, kept = std::move(kept), done]() mutable {
      for (const CheckpointId id : undiscarded_) {
        kept.insert(fs::nameOf(directoryOf(id)));
      }
      sweepJobDirectory(kept);
      work_.whenIdle(done);
    });
  });
}

std::set<std::string> CheckpointCoordinator::keptDirectories(bool keep_latest) const {
  std::set<std::string> kept;
  for (const CheckpointId id : store_.pinnedIds()) {
    kept.insert(fs::nameOf(directoryOf(id)));
  }
  if (keep_latest && store_.latest() != nullptr) {
    kept.insert(fs::nameOf(store_.latest()->directory));
    log::info("the last checkpoint of the failed job stays",
              {{"job", setup_.origin.job.hex()}, {"path", store_.latest()->directory}});
  }
  return kept;
}

void CheckpointCoordinator::sweepJobDirectory(const std::set<std::string>& kept) {
  if (!onFiles()) {
    return;
  }
  work_.run(
      [&files = services_.files,
       kept,
       resumed = resumed_,
       most = setup_.metadata_limit,
       job = setup_.origin.job,
       directory = setup_.storage.directory]() -> Status {
        auto entries = files.list(directory);
        if (!entries) {
          return entries.error().code() == ErrorCode::kNotFound ? ok() : entries.error();
        }
        for (const fs::FileInfo& entry : *entries) {
          const std::string path = fs::join(directory, entry.name);
          if (!kept.contains(entry.name) && snapshot::isCheckpointDirectory(path) &&
              !(resumed && isSavepoint(files, path, most))) {
            WEIR_RETURN_IF_ERROR(removeCheckpointDirectory(files, path, {}));
          }
        }
        WEIR_RETURN_IF_ERROR(removeMark(files, directory, job));
        const Status removed = kept.empty() ? files.removeDirectory(directory) : ok();
        return resumed ? ok() : removed;  // Savepoints of before may be left in it.
      },
      [directory = setup_.storage.directory](const Status& removed) {
        if (!removed) {
          log::warn("checkpoints of an ended job could not be removed",
                    {{"path", directory}, {"reason", removed.error().message()}});
        }
      });
}

}  // namespace weir::jobmanager
