#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/graph/job_graph.h"
#include "common/runtime/checkpoint_metadata.h"
#include "common/runtime/deployment.h"
#include "common/runtime/messages.h"
#include "jobmanager/resources/callback.h"

namespace weir::jobmanager {

/// A state handle of a user's own making (Checkpointed<S>, S derived from StateHandle), which only
/// the user's program can discard.
struct OwnedHandle {
  OperatorId operator_id;
  std::string operator_name;
  std::uint32_t subtask = 0;
  std::uint32_t parallelism = 1;
  runtime::SectionHandle handle;  ///< Where it lies as state; absolute.
  bool operator==(const OwnedHandle&) const = default;
};

/// Those of a snapshot, or of one task's part of it.
std::vector<OwnedHandle> ownedHandles(const runtime::CheckpointMetadata& metadata);
std::vector<OwnedHandle> ownedHandles(const graph::JobGraph& graph,
                                      const runtime::CheckpointAck& ack);
bool hasCustomHandles(const graph::JobGraph& graph);

/// Handles that are discarded together.
struct HandleDiscard {
  std::string owner;  ///< "checkpoint 7 of job ...", for errors and the log.
  std::shared_ptr<const runtime::JobProgram> program;  // Shared with its job and savepoints.
  std::vector<OwnedHandle> handles;
};

/// Runs discardState() of users' state handles, in a worker process of their program.
class HandleDiscarder {
 public:
  virtual ~HandleDiscarder() = default;
  /// Each handle's discardState() is called once; what it throws comes back as a sentence. An error
  /// means that no worker could be brought to it for at least one of them; it says how many were
  /// discarded. Threads: the strand; answers on it, exactly once, perhaps inside the call.
  virtual void discard(HandleDiscard what, Callback<std::vector<std::string>> done) = 0;
};

}  // namespace weir::jobmanager
