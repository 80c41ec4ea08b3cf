#include "jobmanager/checkpoint/shared_file_counts.h"

#include <algorithm>
#include <utility>

#include "common/snapshot/layout.h"
#include "common/snapshot/shared_files.h"
#include "common/telemetry/log.h"

namespace weir::jobmanager {

SharedFileCounts::SharedFileCounts(fs::FileSystem& file_system,
                                   FileWork& files,
                                   std::string directory)
    : file_system_(file_system), files_(files), directory_(std::move(directory)) {}

Status SharedFileCounts::admit(const runtime::CheckpointMetadata& metadata) {
  Names names = snapshot::sharedFiles(metadata);
  if (names.empty()) {
    return ok();
  }
  const Names known = needed();
  for (const std::string& name : names) {
    const auto since = snapshot::sharedSince(name);
    if (!since ||
        (*since != metadata.checkpoint && !known.contains(name) && !before_.contains(name))) {
      return Error(ErrorCode::kFailedPrecondition,
                   "a task shares the file '" + name +
                       "', which no checkpoint has any more: it has not heard of later ones")
          .advise("the next checkpoint names others");
    }
  }
  any_ = true;
  by_checkpoint_[metadata.checkpoint] = std::move(names);
  return ok();
}

void SharedFileCounts::resume(const runtime::CheckpointMetadata& metadata) {
  Names names = snapshot::sharedFiles(metadata);
  if (!names.empty()) {
    any_ = true;
    before_.insert(names.begin(), names.end());
    newest_ = std::max(newest_, metadata.checkpoint);
    by_checkpoint_[metadata.checkpoint] = std::move(names);
  }
}

void SharedFileCounts::completed(CheckpointId id) {
  if (by_checkpoint_.contains(id)) {
    if (std::exchange(newest_released_, false)) {
      by_checkpoint_.erase(newest_);
    }
    newest_ = id;
  }
  sweep(id);
}

void SharedFileCounts::release(CheckpointId id) {
  if (id == newest_ && by_checkpoint_.contains(id)) {
    newest_released_ = true;
  } else {
    by_checkpoint_.erase(id);
  }
}

SharedFileCounts::Names SharedFileCounts::needed() const {
  Names all;
  for (const auto& [id, names] : by_checkpoint_) {
    all.insert(names.begin(), names.end());
  }
  return all;
}

void SharedFileCounts::sweep(CheckpointId last) {
  if (!any_ || directory_.empty()) {
    return;
  }
  Names kept = needed();
  Names before = std::exchange(before_, kept);
  kept.merge(before);
  files_.run(
      [&files = file_system_, directory = directory_, kept = std::move(kept), last] {
        return snapshot::removeUnshared(files, directory, kept, last);
      },
      [directory = directory_](const Status& removed) {
        if (!removed) {
          log::warn("shared files that no checkpoint needs stay until the next one",
                    {{"path", directory}, {"reason", removed.error().message()}});
        }
      });
}

}  // namespace weir::jobmanager
