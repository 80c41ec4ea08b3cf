#pragma once

#include <cstddef>
#include <deque>
#include <set>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/runtime/checkpoint_metadata.h"
#include "jobmanager/ha/checkpoint_pointer.h"

namespace weir::jobmanager {

/// A snapshot that a job can be restored from.
struct CompletedCheckpoint {
  runtime::CheckpointMetadata metadata;
  std::string directory;  ///< Of its files, also the metadata's; empty on the job manager.
};

/// The completed checkpoints and savepoints of one job, the newest last; at most `retained`.
///
/// What falls out is handed back to be discarded, unless a savepoint points to it (it is pinned).
/// A plain value that outlives every attempt of its job. Threads: the strand.
class CompletedCheckpointStore {
 public:
  explicit CompletedCheckpointStore(std::size_t retained) : retained_(retained) {}

  /// Takes a snapshot in, by its id; returns what is to be discarded now. A pinned one may be older
  /// than the latest: it may fall out at once.
  std::vector<CompletedCheckpoint> add(CompletedCheckpoint checkpoint, bool pinned);
  /// What the store would hold after add() of `checkpoint`, which may be null, oldest first: all
  /// that the job could recover from.
  std::vector<ha::CheckpointPointer> pointersWith(const CompletedCheckpoint* checkpoint) const;
  /// A savepoint points to a snapshot that was not taken in.
  void pin(CheckpointId id) { pinned_.insert(id); }
  /// nullptr while there is none.
  const CompletedCheckpoint* latest() const {
    return checkpoints_.empty() ? nullptr : &checkpoints_.back();
  }
  bool contains(CheckpointId id) const;
  std::set<CheckpointId> ids() const;
  /// No savepoint points to it any more. True when the job still needs it: add() hands it back when
  /// it falls out. False: the caller discards it.
  bool unpin(CheckpointId id);
  /// Also of snapshots that fell out.
  const std::set<CheckpointId>& pinnedIds() const { return pinned_; }
  /// At the end of the job: empties the store and returns what is to be discarded.
  std::vector<CompletedCheckpoint> drain(bool keep_latest);

 private:
  std::size_t retained_;
  std::deque<CompletedCheckpoint> checkpoints_;
  std::set<CheckpointId> pinned_;
};

}  // namespace weir::jobmanager
