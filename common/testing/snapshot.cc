#include "common/testing/snapshot.h"

#include <algorithm>
#include <stdexcept>

namespace weir::testing {

std::uint64_t Snapshot::size() const {
  std::uint64_t sum = 0;
  for (const Part& part : parts_) {
    sum += part.bytes == nullptr ? 0 : part.bytes->size();
  }
  return sum;
}

std::vector<Snapshot> split(const Snapshot& snapshot, int parallelism) {
  if (parallelism < 1) {
    throw std::invalid_argument("split(): a parallelism is at least 1, not " +
                                std::to_string(parallelism));
  }
  if (static_cast<std::uint32_t>(parallelism) > snapshot.max_parallelism_) {
    throw std::invalid_argument("split(): " + std::to_string(parallelism) +
                                " is above the maximum parallelism, " +
                                std::to_string(snapshot.max_parallelism_));
  }
  if (!snapshot.isWhole()) {
    throw std::invalid_argument("split(): the snapshot is that of one subtask of " +
                                std::to_string(snapshot.old_parallelism_) +
                                "; merge() those of all of them first");
  }
  std::vector<Snapshot> parts(static_cast<std::size_t>(parallelism), snapshot);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    parts[i].subtask_ = static_cast<std::uint32_t>(i);
    parts[i].parallelism_ = static_cast<std::uint32_t>(parallelism);
  }
  return parts;
}

Snapshot merge(const std::vector<Snapshot>& snapshots) {
  if (snapshots.empty()) {
    throw std::invalid_argument("merge(): there is no snapshot");
  }
  Snapshot whole = snapshots.front();
  whole.parts_.clear();
  whole.subtask_ = 0;
  whole.parallelism_ = 1;
  std::vector<bool> there(whole.old_parallelism_);
  for (const Snapshot& one : snapshots) {
    if (one.old_parallelism_ != whole.old_parallelism_) {
      throw std::invalid_argument("merge(): snapshots of different parallelisms, " +
                                  std::to_string(whole.old_parallelism_) + " and " +
                                  std::to_string(one.old_parallelism_));
    }
    if (one.max_parallelism_ != whole.max_parallelism_) {
      throw std::invalid_argument("merge(): snapshots of different maximum parallelisms, " +
                                  std::to_string(whole.max_parallelism_) + " and " +
                                  std::to_string(one.max_parallelism_));
    }
    for (const Snapshot::Part& part : one.parts_) {
      if (there[part.subtask]) {
        throw std::invalid_argument("merge(): two snapshots of subtask " +
                                    std::to_string(part.subtask + 1));
      }
      there[part.subtask] = true;
      whole.parts_.push_back(part);
    }
    whole.checkpoint_ = std::max(whole.checkpoint_, one.checkpoint_);
    whole.finished_ = whole.finished_ && one.finished_;
  }
  if (!whole.isWhole()) {
    throw std::invalid_argument("merge(): snapshots of " + std::to_string(whole.parts_.size()) +
                                " of " + std::to_string(whole.old_parallelism_) + " subtasks");
  }
  std::ranges::sort(whole.parts_, {}, &Snapshot::Part::subtask);
  return whole;
}

}  // namespace weir::testing
