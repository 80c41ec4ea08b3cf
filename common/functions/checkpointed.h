#pragma once

#include <cstdint>
#include <stdexcept>
#include <vector>

#include "common/schema/state_kinds.h"

/// Interfaces of functions that take part in checkpoints, beside what they are otherwise. All calls
/// come on the task's thread.
namespace weir {

/// Operator state of one value per subtask; refuses to be restored at another parallelism.
template <typename S>
class Checkpointed {
 public:
  using State = S;
  virtual ~Checkpointed() = default;
  /// The state as of now; it is written after the call, on another thread.
  virtual S snapshotState(std::uint64_t checkpoint_id) = 0;
  /// Comes before open(), and only where there is something to restore.
  virtual void restoreState(const S& state) = 0;
};

using state::ListMode;

/// Operator state as a list whose elements are dealt out anew on every restore.
template <typename S>
class ListCheckpointed {
 public:
  using Element = S;
  virtual ~ListCheckpointed() = default;
  virtual std::vector<S> snapshotState(std::uint64_t checkpoint_id) = 0;
  /// Comes before open() on every subtask of a restored job; empty where no element fell to it.
  virtual void restoreState(const std::vector<S>& elements) = 0;
  /// How the elements are dealt out; stored with them, and asked before the job runs. kSplit: each
  /// goes to one subtask. kUnion: every subtask gets all elements of all subtasks, on every
  /// restore. kBroadcast: all subtasks hold the same list, and each gets one subtask's list.
  virtual ListMode listMode() const { return ListMode::kSplit; }
};

/// Told how checkpoints ended, some time after the function's snapshot was taken.
class CheckpointListener {
 public:
  virtual ~CheckpointListener() = default;
  virtual void notifyCheckpointComplete(std::uint64_t checkpoint_id) = 0;
  virtual void notifyCheckpointAborted(std::uint64_t /*checkpoint_id*/) {}
};

/// Told before close() when the attempt has done all of its job: every input has ended, and the
/// final checkpoint, if the job takes checkpoints, has completed.
class FinishListener {
 public:
  virtual ~FinishListener() = default;
  virtual void notifyFinished() = 0;
};

/// Thrown by functions for what no restart can mend: the job fails at once, whatever its restart
/// strategy.
class UnrecoverableError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Base of a Checkpointed<S>'s S that stands for something stored outside of Weir. discardState()
/// runs exactly once, when the snapshot that owns the handle is discarded, in a worker process.
class StateHandle {
 public:
  virtual ~StateHandle() = default;
  virtual void discardState() = 0;
};

}  // namespace weir
