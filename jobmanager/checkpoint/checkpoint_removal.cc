#include "jobmanager/checkpoint/checkpoint_removal.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"
#include "common/fs/uri.h"
#include "common/snapshot/metadata_file.h"
#include "common/snapshot/state_files.h"
#include "common/telemetry/log.h"
#include "jobmanager/checkpoint/pending_checkpoint.h"

namespace weir::jobmanager {
namespace {

/// Names in the directory of the checkpoint, as checkLocations() has seen to.
void addFilesOf(const runtime::CheckpointAck& ack, std::vector<std::string>& files) {
  for (const runtime::OperatorSnapshot& one : ack.operators) {
    if (one.handle.storage == runtime::SectionHandle::Storage::kFile) {
      files.push_back(fs::nameOf(one.handle.location));
    }
  }
}

}  // namespace

CheckpointRemoval::CheckpointRemoval(const CheckpointServices& services,
                                     const graph::JobGraph& graph,
                                     FileWork& files,
                                     Setup setup,
                                     std::function<void()> ended)
    : services_(services),
      graph_(graph),
      files_(files),
      setup_(std::move(setup)),
      removed_(services.files, files, {setup_.job, setup_.directory, setup_.metadata_limit}, ended),
      ended_(std::move(ended)),
      discards_(services.strand, services.io) {}

void CheckpointRemoval::aborted(CheckpointId id, Acks acks, std::function<void()> done) {
  remember(id);
  std::vector<OwnedHandle> handles;
  for (const auto& [task, ack] : acks) {
    for (OwnedHandle& handle : ownedHandles(graph_, ack)) {
      records_[id].discarded.insert(task);
      handles.push_back(std::move(handle));
    }
  }
  discardHandles(
      id, std::move(handles), [this, id, acks = std::move(acks), done = std::move(done)] {
        std::vector<std::string> files;
        for (const auto& [task, ack] : acks) {
          if (!onFiles()) {
            services_.blobs.release(ack);
          }
          addFilesOf(ack, files);
        }
        if (setup_.program == nullptr || acks.size() == setup_.subtasks) {
          removed_.removeDirectory(removed_.directoryOf(id), std::move(files), done);
        } else {
          // The other tasks' handles are read after their acknowledgements, which may be on their
          // way: what never arrives goes with the attempt.
          removed_.remove(id, files);
          done();
        }
      });
}

Status CheckpointRemoval::late(const runtime::CheckpointAck& ack) {
  const auto found = records_.find(ack.checkpoint);
  if (found == records_.end() || !found->second.aborted) {
    return ok();  // Of a completed one: said again, and its files are in use.
  }
  WEIR_RETURN_IF_ERROR(checkLocations(ack, removed_.directoryOf(ack.checkpoint)));
  std::vector<OwnedHandle> handles = ownedHandles(graph_, ack);
  if (!handles.empty() && !found->second.discarded.insert(ack.task).second) {
    return ok();  // Said twice: its files are in use until its handles are discarded.
  }
  Result<blob::StateShare> held =
      onFiles() ? blob::StateShare() : services_.blobs.holdUploads(setup_.job, ack);
  if (!held) {
    return ok();  // Its uploads are here no more: with their leases, or as this is said again.
  }
  discardHandles(ack.checkpoint, std::move(handles), [this, ack, held = *std::move(held)] {
    services_.blobs.release(held);
    std::vector<std::string> files;
    addFilesOf(ack, files);
    removed_.remove(ack.checkpoint, files);
  });
  return ok();
}

/// What is remembered is bounded, as an attempt may run, and checkpoints may fail, for months.
void CheckpointRemoval::remember(CheckpointId id) {
  Record& record = records_[id];
  aborted_ += record.aborted ? 0 : 1;
  record.aborted = true;
  record.left_over = true;
  if (aborted_ > setup_.most_remembered) {
    forgetOldest();
  }
}

/// Nobody writes for the oldest one after so many later ones.
void CheckpointRemoval::forgetOldest() {
  auto oldest = records_.begin();
  while (!oldest->second.aborted) {
    ++oldest;
  }
  const CheckpointId id = oldest->first;
  Record& record = oldest->second;
  --aborted_;
  record.aborted = false;
  record.discarded.clear();
  if (std::exchange(record.left_over, false) && !record.handlesNeedFiles()) {
    removed_.removeDirectory(removed_.directoryOf(id), {});
  }
  if (record.forgettable()) {
    records_.erase(oldest);
  }
}

void CheckpointRemoval::attemptEnded() {
  for (auto& [id, record] : records_) {
    if (record.left_over && record.discarding == 0) {  // Else the next time, or at the end.
      record.left_over = false;
      if (!record.undiscarded) {
        removed_.removeDirectory(removed_.directoryOf(id), {});
      }
    }
  }
}

void CheckpointRemoval::discard(CompletedCheckpoint checkpoint, std::function<void()> done) {
  const CheckpointId id = checkpoint.metadata.checkpoint;
  const auto record = records_.find(id);
  std::vector<OwnedHandle> handles;
  if (record == records_.end() || !record->second.handles_owned) {
    handles = ownedHandles(checkpoint.metadata);
  }
  // Moved along: state on the job manager stands in the metadata.
  discardHandles(
      id, std::move(handles), [this, checkpoint = std::move(checkpoint), done = std::move(done)] {
        services_.blobs.release(checkpoint.metadata);
        removed_.removeDirectory(
            checkpoint.directory, snapshot::dataFiles(checkpoint.metadata), done);
      });
}

void CheckpointRemoval::resumeDiscard(CheckpointId id, std::function<void()> done) {
  const std::string directory = removed_.directoryOf(id);
  if (!onFiles()) {
    done();  // Its state ended with the job manager.
    return;
  }
  files_.run(
      [&files = services_.files, directory, most = setup_.metadata_limit] {
        return snapshot::readMetadata(files, directory, {}, most);
      },
      [this, id, directory, done = std::move(done)](Result<runtime::CheckpointMetadata> metadata) {
        if (metadata) {
          discard({*std::move(metadata), directory}, done);
        } else if (setup_.program == nullptr || metadata.error().code() == ErrorCode::kNotFound) {
          removed_.removeDirectory(directory, {}, done);
        } else {
          records_[id].undiscarded = true;
          log::error(
              "a checkpoint that is no longer needed stays, as it cannot be known which "
              "state handles to discard",
              {{"path", directory}, {"reason", metadata.error().message()}});
        }
      });
}

void CheckpointRemoval::discardLeft(const LeftCheckpoints& left,
                                    std::function<void(CheckpointId)> gone) {
  if (!onFiles()) {  // Its state ended with the job manager.
    std::for_each(left.cut.begin(), left.cut.end(), gone);
    return;
  }
  files_.run(
      [&files = services_.files, setup = setup_, left] {
        return findLeft(
            files, setup.directory, left, setup.program != nullptr, setup.metadata_limit);
      },
      [this, cut = left.cut, gone = std::move(gone)](
          const Result<std::vector<CheckpointId>>& found) mutable {
        if (!found) {
          log::warn("what an earlier job manager left of checkpoints stays until the job ends",
                    {{"path", setup_.directory}, {"reason", found.error().message()}});
          return;
        }
        for (const CheckpointId id : *found) {
          log::info("removing a checkpoint that an earlier job manager did not complete",
                    {{"job", setup_.job.hex()}, {"path", removed_.directoryOf(id)}});
          resumeDiscard(id, [gone, id, was_cut = cut.erase(id) > 0] {
            if (was_cut) {
              gone(id);
            }
          });
        }
        std::for_each(cut.begin(), cut.end(), gone);
      });
}

void CheckpointRemoval::disown(CheckpointId id) {
  if (const auto found = records_.find(id); found != records_.end()) {
    found->second.handles_owned = false;
    if (found->second.forgettable()) {
      records_.erase(found);
    }
  }
}

void CheckpointRemoval::end(std::set<CheckpointId> kept, std::function<void()> done) {
  discards_.whenIdle([this, kept = std::move(kept), done = std::move(done)]() mutable {
    for (const auto& [id, record] : records_) {
      if (record.undiscarded) {
        kept.insert(id);
      }
    }
    removed_.sweep(kept, resumed_);
    files_.whenIdle(std::move(done));
  });
}

/// Then, and only when all were, `then`.
void CheckpointRemoval::discardHandles(CheckpointId id,
                                       std::vector<OwnedHandle> handles,
                                       std::function<void()> then) {
  if (handles.empty()) {
    then();
    return;
  }
  const std::string owner =
      "checkpoint " + std::to_string(id.value()) + " of job " + setup_.job.hex();
  ++records_[id].discarding;
  ++discarding_;
  discards_.hold();
  services_.discarder.discard(
      {.owner = owner, .program = setup_.program, .handles = std::move(handles)},
      [this, id, owner, then = std::move(then)](const Result<std::vector<std::string>>& discarded) {
        Record& record = records_.at(id);  // Kept until here.
        --record.discarding;
        if (discarded) {
          for (const std::string& error : *discarded) {
            log::warn("a state handle was not discarded in order",
                      {{"owner", owner}, {"reason", cutText(error, kMostLoggedBytes)}});
          }
          if (record.forgettable()) {
            records_.erase(id);
          }
          then();
        } else {
          record.undiscarded = true;
          log::error("state handles were not discarded, their checkpoint stays",
                     {{"owner", owner},
                      {"reason", discarded.error().message()},
                      {"path", removed_.directoryOf(id)},
                      {"advice", "discard it with `weir savepoint -d PATH PROGRAM`"}});
        }
        discardEnded();
        discards_.release();
      });
}

void CheckpointRemoval::discardEnded() {
  --discarding_;
  ended_();
}

}  // namespace weir::jobmanager
