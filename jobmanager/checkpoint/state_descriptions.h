#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "common/graph/job_graph.h"
#include "common/runtime/checkpoint_metadata.h"
#include "common/runtime/messages.h"

namespace weir::jobmanager {

/// What the tasks of one attempt have said of their states (names, kinds, schemas), in
/// acknowledgements of checkpoints that completed. Later acknowledgements call it by a hash.
///
/// Each completed checkpoint has an acknowledgement of every task, so that what the last two have
/// used is all that a task may call so. Subtasks of an operator mostly say the same, which is kept
/// once. Lives as long as the attempt, and with its last snapshot that is being written. The
/// strand.
class StateDescriptions {
 public:
  /// A checkpoint has completed with these acknowledgements, and its tasks are told next.
  void remember(const std::map<runtime::TaskId, runtime::CheckpointAck>& acks);

  /// The tasks have told an earlier leader, in this checkpoint, which completed.
  void recall(const runtime::CheckpointMetadata& checkpoint);

  /// Puts back what an acknowledgement only calls by its hash. kInvalidArgument where that is not
  /// known, or is of another number of states; the acknowledgement is then as it was or shorter.
  /// `graph` is the job's, for the names of operators.
  Status restore(runtime::CheckpointAck& ack, const graph::JobGraph& graph) const;

 private:
  using States = std::shared_ptr<const std::vector<runtime::SavedState>>;  // Both may have them.
  using Known = std::map<std::pair<OperatorId, std::uint64_t>, States>;

  States find(const runtime::OperatorSnapshot& snapshot) const;

  Known latest_;  // Of the newest completed checkpoint.
  Known before_;  // Of the one before it: what is under way may not know of the newest.
};

}  // namespace weir::jobmanager
