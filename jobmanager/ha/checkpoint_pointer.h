#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/runtime/client_messages.h"

namespace weir::ha {

/// Where a completed checkpoint of a job lies.
struct CheckpointPointer {
  CheckpointId id;
  bool savepoint = false;
  std::string path;  ///< Of the directory with its metadata; empty for state on the job manager.
  bool operator==(const CheckpointPointer&) const = default;
};

/// A job has stopped with this savepoint, the latest that is retained. Nothing is processed after
/// it.
struct StoppedJob {
  OperationId operation;            ///< Of the client that asked for it.
  runtime::SavepointResult result;  ///< What it is answered.
  bool operator==(const StoppedJob& other) const {
    return operation == other.operation && result.path == other.result.path;
  }
};

/// A savepoint that was begun for a client, and of which no end is stored: its leader may have died
/// over it. Stored before any task is told, and gone in the write that points to it, or once all of
/// it is removed.
struct BegunSavepoint {
  CheckpointId id;
  OperationId operation;  ///< Of the client that asked for it.
  /// Of the directory that the savepoint itself is written to. Empty when nothing of it can lie
  /// anywhere but in its checkpoint's directory.
  std::string path;
  runtime::StopMode stop = runtime::StopMode::kNone;
  bool cancel_job = false;
  /// It is complete and pointed to: what its client is answered, until that is stored by itself.
  std::optional<runtime::SavepointResult> result{};
  bool operator==(const BegunSavepoint& other) const;
};

/// The job's mark stands beside this savepoint, so that nobody disposes it: it was written by the
/// job, or the job was restored from it.
struct MarkedSavepoint {
  CheckpointId id;
  std::string path;  ///< Of its directory.
  bool operator==(const MarkedSavepoint&) const = default;
};

/// All that must be known of the checkpoints of a job by who takes it up again.
struct JobCheckpoints {
  /// How many ids a job may use before it has to store where they go on.
  static constexpr std::uint64_t kReserved = 16;

  std::vector<CheckpointPointer> retained;  ///< What it recovers from, oldest first.
  /// Those whose data savepoints point to: it stays, also where the job needs it no more.
  std::vector<CheckpointId> pinned;
  /// Each smaller id may have been used, perhaps by a leader that does not know yet that its term
  /// is over: the next leader begins here, so that no two ever write to one directory.
  CheckpointId next{1 + kReserved};
  /// Those that are retained and pinned no more, and whose files may still be there: the next
  /// leader removes them.
  std::vector<CheckpointId> discards{};
  /// Of a job that has ended, for its clients: no leader runs it again. The next one removes what
  /// is neither retained nor pinned, and then the job from the store.
  std::optional<runtime::JobResult> result{};
  /// Of a job that has stopped: what its savepoint holds is committed, and then it has finished.
  std::optional<StoppedJob> stopped{};
  std::vector<BegunSavepoint> begun{};   ///< By their ids.
  std::vector<MarkedSavepoint> marks{};  ///< Likewise. Some of these marks may have gone.
  bool operator==(const JobCheckpoints& other) const;
};

}  // namespace weir::ha
