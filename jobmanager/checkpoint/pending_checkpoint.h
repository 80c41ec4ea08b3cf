#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/concurrency/executor.h"
#include "common/graph/job_graph.h"
#include "common/runtime/checkpoint_metadata.h"
#include "common/runtime/client_messages.h"
#include "common/runtime/messages.h"
#include "jobmanager/checkpoint/state_descriptions.h"
#include "jobmanager/resources/callback.h"

namespace weir::jobmanager {

/// A savepoint that was written where its user wants it.
struct KeptSavepoint {
  runtime::SavepointResult result;
  /// It points to the checkpoint's own data, which must outlive the checkpoint.
  bool shares_data = true;
};

/// A request for a savepoint, as the coordinator sees it.
struct SavepointCallbacks {
  OperationId operation = {};  ///< Of the client that asks.
  std::string path = {};       ///< Of the directory that it is to be; empty for one on the heap.
  /// Not kNone: the job stops with it, and no periodic checkpoint begins while it is pending.
  runtime::StopMode stop = runtime::StopMode::kNone;
  bool cancel_job = false;  ///< Once it is complete, by who asks.
  /// Puts the snapshot where its user wants it; called once all state is stored.
  std::function<void(const runtime::CheckpointMetadata&, Callback<KeptSavepoint>)> keep;
  std::function<void(const runtime::SavepointProgress&)> progress;
  Callback<runtime::SavepointResult> done;

  bool stops() const { return stop != runtime::StopMode::kNone; }
};

/// Why a snapshot is taken.
enum class SnapshotKind : std::uint8_t { kPeriodic, kSavepoint, kFinal };

/// A snapshot that is asked for.
struct Wanted {
  SnapshotKind kind = SnapshotKind::kPeriodic;
  SavepointCallbacks savepoint = {};       // kSavepoint.
  Callback<CheckpointId> final_done = {};  // kFinal.

  /// Whoever waits for it is told, once.
  void fail(const Error& why) {
    if (savepoint.done) {
      std::exchange(savepoint.done, {})(why);
    }
    if (final_done) {
      std::exchange(final_done, {})(why);
    }
  }
};

/// A snapshot that tasks still write their parts of. Has one owner after the other.
struct PendingCheckpoint {
  CheckpointId id;
  SnapshotKind kind = SnapshotKind::kPeriodic;
  SteadyTime triggered;
  SteadyTime acknowledged;  ///< By the last one.
  std::int64_t trigger_millis = 0;
  std::uint64_t bytes = 0;
  std::map<runtime::TaskId, runtime::CheckpointAck> acks;  ///< With what they call by a hash.
  std::shared_ptr<StateDescriptions> descriptions;         ///< With others of its attempt.
  SavepointCallbacks savepoint;                            // kSavepoint.
  Callback<CheckpointId> final_done;                       // kFinal.
  std::unique_ptr<concurrency::Executor::Timer> timeout;
};

/// Which job a snapshot is of; goes into its metadata.
struct SnapshotOrigin {
  JobId job;
  std::string program_hash;
  std::string writer;
};

/// Refuses an acknowledgement with state elsewhere than in files of `directory`, which is that of
/// its checkpoint; in blobs, if that is empty.
Status checkLocations(const runtime::CheckpointAck& ack, const std::string& directory);
/// Refuses an acknowledgement that brings state of an operator that is not in its task, or twice.
Status checkOperators(const runtime::CheckpointAck& ack, const graph::JobGraph& graph);

/// The metadata of a snapshot that all tasks have acknowledged; locations are absolute.
runtime::CheckpointMetadata toMetadata(const PendingCheckpoint& pending,
                                       const graph::JobGraph& graph,
                                       const SnapshotOrigin& origin,
                                       std::int64_t duration_millis);

/// A sentence for each operator that has state in the snapshot and no uid.
std::vector<std::string> uidWarnings(const runtime::CheckpointMetadata& metadata,
                                     const graph::JobGraph& graph);

}  // namespace weir::jobmanager
