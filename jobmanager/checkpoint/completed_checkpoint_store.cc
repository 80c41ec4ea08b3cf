#include "jobmanager/checkpoint/completed_checkpoint_store.h"

#include <algorithm>
#include <utility>

namespace weir::jobmanager {

std::vector<CompletedCheckpoint> CompletedCheckpointStore::add(CompletedCheckpoint checkpoint,
                                                               bool pinned) {
  const CheckpointId id = checkpoint.metadata.checkpoint;
  if (pinned) {
    pinned_.insert(id);
  }
  auto place = std::find_if(checkpoints_.begin(), checkpoints_.end(), [&](const auto& one) {
    return one.metadata.checkpoint > id;
  });
  checkpoints_.insert(place, std::move(checkpoint));
  std::vector<CompletedCheckpoint> dropped;
  while (checkpoints_.size() > retained_) {
    if (!pinned_.contains(checkpoints_.front().metadata.checkpoint)) {
      dropped.push_back(std::move(checkpoints_.front()));
    }
    checkpoints_.pop_front();
  }
  return dropped;
}

std::vector<ha::CheckpointPointer> CompletedCheckpointStore::pointersWith(
    const CompletedCheckpoint* checkpoint) const {
  std::vector<ha::CheckpointPointer> pointers;
  const auto add = [&pointers](const CompletedCheckpoint& one) {
    pointers.push_back({one.metadata.checkpoint, one.metadata.savepoint, one.directory});
  };
  std::for_each(checkpoints_.begin(), checkpoints_.end(), add);
  if (checkpoint != nullptr) {
    add(*checkpoint);
  }
  std::sort(pointers.begin(), pointers.end(), [](const auto& left, const auto& right) {
    return left.id < right.id;
  });
  if (pointers.size() > retained_) {
    pointers.erase(pointers.begin(), pointers.end() - static_cast<std::ptrdiff_t>(retained_));
  }
  return pointers;
}

bool CompletedCheckpointStore::contains(CheckpointId id) const {
  return std::any_of(checkpoints_.begin(), checkpoints_.end(), [&](const auto& one) {
    return one.metadata.checkpoint == id;
  });
}

std::set<CheckpointId> CompletedCheckpointStore::ids() const {
  std::set<CheckpointId> ids;
  for (const CompletedCheckpoint& one : checkpoints_) {
    ids.insert(one.metadata.checkpoint);
  }
  return ids;
}

bool CompletedCheckpointStore::unpin(CheckpointId id) {
  pinned_.erase(id);
  return contains(id);
}

std::vector<CompletedCheckpoint> CompletedCheckpointStore::drain(bool keep_latest) {
  if (keep_latest && !checkpoints_.empty()) {
    checkpoints_.pop_back();
  }
  std::vector<CompletedCheckpoint> dropped;
  for (CompletedCheckpoint& one : std::exchange(checkpoints_, {})) {
    if (!pinned_.contains(one.metadata.checkpoint)) {
      dropped.push_back(std::move(one));
    }
  }
  return dropped;
}

}  // namespace weir::jobmanager
