#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace weir::testing {

/// The state of one operator, as a snapshot has it: bytes in the format of checkpoints and
/// savepoints, by the subtask that wrote them, and the subtask that is to take it back. A value;
/// copies share the bytes.
///
/// One that a harness gave is for the same subtask again. To change the parallelism, merge() the
/// snapshots of all subtasks, and split() what comes of it.
class Snapshot {
 public:
  /// What one subtask has written; null: it has no state.
  struct Part {
    std::uint32_t subtask = 0;
    std::shared_ptr<const std::string> bytes;
  };

  /// For snapshotComplete().
  std::uint64_t checkpointId() const { return checkpoint_; }
  /// Of those that wrote it.
  std::uint32_t oldParallelism() const { return old_parallelism_; }
  /// Who takes it back.
  std::uint32_t subtask() const { return subtask_; }
  std::uint32_t parallelism() const { return parallelism_; }
  /// Of all parts, in bytes.
  std::uint64_t size() const;

 private:
  friend class OperatorRun;
  friend std::vector<Snapshot> split(const Snapshot& snapshot, int parallelism);
  friend Snapshot merge(const std::vector<Snapshot>& snapshots);

  bool isWhole() const { return parts_.size() == old_parallelism_; }

  std::vector<Part> parts_;
  std::uint32_t old_parallelism_ = 1;
  std::uint32_t subtask_ = 0;
  std::uint32_t parallelism_ = 1;
  std::uint32_t max_parallelism_ = 4096;
  std::uint64_t checkpoint_ = 0;
  bool finished_ = false;  // Its input had ended.
};

/// The same state for each of `parallelism` subtasks: one snapshot for a harness of its own each.
/// Throws std::invalid_argument where `snapshot` does not have the state of all subtasks that wrote
/// it, or a parallelism below 1 is asked for.
std::vector<Snapshot> split(const Snapshot& snapshot, int parallelism);

/// The state of all subtasks of an operator for a single one. Throws std::invalid_argument where it
/// is not exactly one snapshot of each.
Snapshot merge(const std::vector<Snapshot>& snapshots);

}  // namespace weir::testing
