#pragma once

#include <string>
#include <variant>
#include <vector>

#include "common/base/ids.h"
#include "common/runtime/messages.h"
#include "jobmanager/ha/checkpoint_pointer.h"
#include "jobmanager/resources/callback.h"

namespace weir::jobmanager {

/// The tasks of the attempt that runs, as the coordinator sees them.
class CheckpointedTasks {
 public:
  virtual ~CheckpointedTasks() = default;
  /// Hands the order to every task manager that runs sources, each in the order of these calls.
  virtual void trigger(const runtime::CheckpointOrder& order) = 0;
  /// Tells every task that a checkpoint completed or was aborted.
  virtual void notify(CheckpointId checkpoint, bool completed) = 0;
  virtual std::string describe(const runtime::TaskId& task) const = 0;
  /// Where it runs; empty when that is not known.
  virtual std::string hostOf(const runtime::TaskId& task) const = 0;
  /// What keeps it from taking input, or kept it after `since` (wall clock, in milliseconds), as a
  /// clause that continues its name; empty where nothing did.
  virtual std::string heldUp(const runtime::TaskId& task, std::int64_t since) const = 0;
  /// What `checkpoints` retains is durable and becomes all that the job recovers from. The one that
  /// is new among them completes, older ones are discarded, and ids that were not stored before are
  /// used, only when this answers with ok. Answers once, on the strand, perhaps within the call; is
  /// called again only after it answered.
  virtual void point(ha::JobCheckpoints checkpoints, Callback<std::monostate> done) = 0;
  /// A checkpoint or savepoint completed: what the job was restored from is needed no more.
  virtual void checkpointCompleted(CheckpointId checkpoint) = 0;
};

}  // namespace weir::jobmanager
