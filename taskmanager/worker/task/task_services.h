#pragma once

#include <cstdint>
#include <functional>

#include "common/base/clock.h"
#include "common/base/lease.h"
#include "common/fs/file_system.h"
#include "common/runtime/messages.h"
#include "common/state/column_tier.h"
#include "taskmanager/worker/checkpoint/snapshot_store.h"
#include "taskmanager/worker/memory/buffer_pool.h"

namespace weir::worker {

/// What a subtask borrows from its worker, which outlives it.
struct TaskServices {
  BufferPool& buffers;
  SnapshotStore& snapshots;
  fs::FileSystem& files;
  const Clock& clock;
  const Lease* lease;         ///< May be null.
  state::TierFactory* tiers;  ///< Null: keyed state is on the heap.
  /// Called from the task's thread.
  const std::function<void(runtime::WorkerReport)>& report;
  std::uint64_t most_accumulators;  ///< Bytes that the accumulators of one task may hold.
};

}  // namespace weir::worker
