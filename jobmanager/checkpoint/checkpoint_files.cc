#include "jobmanager/checkpoint/checkpoint_files.h"

#include <utility>

#include "common/fs/empty_directory.h"
#include "common/fs/uri.h"
#include "common/snapshot/layout.h"
#include "common/snapshot/metadata_file.h"
#include "common/snapshot/shared_files.h"
#include "common/snapshot/use_marks.h"
#include "common/telemetry/log.h"
#include "jobmanager/checkpoint/directory_removal.h"

namespace weir::jobmanager {
namespace {

constexpr std::size_t kMostBatches = 1000;  // Checkpoints whose directory is known to hold more.

/// Whether a savepoint may point to the checkpoint in this directory.
bool isSavepoint(fs::FileSystem& files, const std::string& directory, std::uint64_t most) {
  const auto metadata = snapshot::readMetadata(files, directory, {}, most);
  return metadata ? metadata->savepoint : metadata.error().code() != ErrorCode::kNotFound;
}

/// Removes what is in the directory of a job that has ended, but for the directories `kept`, and
/// where it was `resumed` for those that a savepoint may point to.
Status sweepDirectory(fs::FileSystem& files,
                      const CheckpointFiles::Setup& setup,
                      const std::set<std::string>& kept,
                      bool resumed) {
  auto entries = files.list(setup.directory);
  if (!entries) {
    return entries.error().code() == ErrorCode::kNotFound ? ok() : Status(entries.error());
  }
  for (const fs::FileInfo& entry : *entries) {
    const std::string path = fs::join(setup.directory, entry.name);
    if (!kept.contains(entry.name) && snapshot::isCheckpointDirectory(path) &&
        !(resumed && isSavepoint(files, path, setup.metadata_limit))) {
      WEIR_RETURN_IF_ERROR(removeCheckpointDirectory(files, path, {}));
    }
  }
  WEIR_RETURN_IF_ERROR(snapshot::removeAllUnshared(files, setup.directory, setup.metadata_limit));
  WEIR_RETURN_IF_ERROR(snapshot::removeMark(files, setup.directory, setup.job));
  WEIR_TRY(const bool gone, fs::removeEmptyDirectory(files, setup.directory));
  return gone || resumed || !kept.empty()
             ? ok()
             : Status(Error(ErrorCode::kFailedPrecondition,
                            "directory " + setup.directory + " stays: there is more in it"));
}

/// How many files there are; none: the directory is gone.
Result<std::size_t> leftIn(fs::FileSystem& files, const std::string& directory) {
  const auto entries = files.list(directory);
  if (!entries) {
    return entries.error().code() == ErrorCode::kNotFound ? Result<std::size_t>(0)
                                                          : Result<std::size_t>(entries.error());
  }
  if (entries->empty()) {
    WEIR_TRY(const bool gone, fs::removeEmptyDirectory(files, directory));
    return gone ? 0 : 1;
  }
  return entries->size();
}

}  // namespace

CheckpointFiles::CheckpointFiles(fs::FileSystem& file_system,
                                 FileWork& files,
                                 Setup setup,
                                 std::function<void()> ended)
    : file_system_(file_system),
      files_(files),
      setup_(std::move(setup)),
      ended_(std::move(ended)) {}

std::string CheckpointFiles::directoryOf(CheckpointId id) const {
  return setup_.directory.empty() ? std::string()
                                  : snapshot::checkpointDirectory(setup_.directory, id);
}

void CheckpointFiles::ended() {
  --outstanding_;
  ended_();
}

void CheckpointFiles::remove(CheckpointId id, const std::vector<std::string>& names) {
  if (setup_.directory.empty()) {
    return;
  }
  Batch& batch = batches_[id];
  batch.waiting.insert(batch.waiting.end(), names.begin(), names.end());
  if (!batch.removing) {
    removeWaiting(id);
  }
}

/// The directory cannot be empty before all are removed that were in it when it was looked at.
void CheckpointFiles::removeWaiting(CheckpointId id) {
  Batch& batch = batches_.at(id);
  std::vector<std::string> names = std::exchange(batch.waiting, {});
  const bool look = batch.left <= names.size();
  batch.left -= look ? batch.left : names.size();
  batch.removing = true;
  ++outstanding_;
  files_.run(
      [&files = file_system_, names = std::move(names), directory = directoryOf(id), look]()
          -> Result<std::size_t> {
        Status first = ok();
        for (const std::string& name : names) {
          Status removed = files.removeFile(fs::join(directory, name));
          if (first) {
            first = std::move(removed);
          }
        }
        Result<std::size_t> left = look ? leftIn(files, directory) : Result<std::size_t>(0);
        return first ? left : Result<std::size_t>(first.error());
      },
      [this, id, look](const Result<std::size_t>& left) { removed(id, look, left); });
}

/// What could not be removed is swept later.
void CheckpointFiles::removed(CheckpointId id, bool looked, const Result<std::size_t>& left) {
  Batch& batch = batches_.at(id);
  batch.removing = false;
  if (looked) {
    batch.left = left ? *left : 0;
  }
  if (!batch.waiting.empty()) {
    removeWaiting(id);
  } else if (batch.left == 0 || batches_.size() > kMostBatches) {
    batches_.erase(id);
  }
  ended();
}

void CheckpointFiles::removeDirectory(const std::string& directory,
                                      std::vector<std::string> names,
                                      std::function<void()> done) {
  if (directory.empty()) {
    done();
    return;
  }
  ++outstanding_;
  files_.run(
      [&files = file_system_, directory, names = std::move(names)] {
        return removeCheckpointDirectory(files, directory, names);
      },
      [this, directory, done = std::move(done)](const Status& removed) {
        if (!removed) {
          log::warn("a checkpoint that is no longer needed could not be removed",
                    {{"path", directory}, {"reason", removed.error().message()}});
        }
        done();
        ended();
      });
}

void CheckpointFiles::sweep(const std::set<CheckpointId>& kept, bool resumed) {
  if (setup_.directory.empty()) {
    return;
  }
  std::set<std::string> names;
  for (const CheckpointId id : kept) {
    names.insert(fs::nameOf(directoryOf(id)));
  }
  files_.run(
      [&files = file_system_, setup = setup_, names, resumed] {
        return sweepDirectory(files, setup, names, resumed);
      },
      [directory = setup_.directory](const Status& removed) {
        if (!removed) {
          log::warn("checkpoints of an ended job could not be removed",
                    {{"path", directory}, {"reason", removed.error().message()}});
        }
      });
}

}  // namespace weir::jobmanager
