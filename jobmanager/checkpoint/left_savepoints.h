#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/graph/job_graph.h"
#include "common/snapshot/savepoints.h"
#include "jobmanager/ha/checkpoint_pointer.h"

/// Savepoints that an earlier leader had begun when it died, and how what is stored of a job is
/// changed once it was seen what became of each. Changes values only: nothing is written.
namespace weir::jobmanager {

/// Those of which no end is stored.
std::vector<ha::BegunSavepoint> unsettledIn(const ha::JobCheckpoints& stored);

/// Of which job a savepoint is.
struct LeftSavepointJob {
  const graph::JobGraph& graph;
  std::string directory;     ///< Of its checkpoints; empty when state is on the job manager.
  std::size_t retained = 1;  ///< Completed checkpoints.
};

/// The savepoint is `whole`: its end is what its leader would have stored next. The job recovers
/// from it where no newer checkpoint is retained, and it has stopped if its client asked for that.
/// Returns what its client is answered.
Result<runtime::SavepointResult> completeLeft(ha::JobCheckpoints& stored,
                                              const ha::BegunSavepoint& savepoint,
                                              const snapshot::Opened& whole,
                                              const LeftSavepointJob& job);
/// Nothing is left of the savepoint's own directory. What is left of its checkpoint's goes when no
/// task of the earlier leader writes any more.
void cutLeft(ha::JobCheckpoints& stored, CheckpointId savepoint);
/// It stays as it is for the next leader. Its client is told that it failed, so that the job
/// neither stops with it nor is cancelled.
void leaveLeft(ha::JobCheckpoints& stored, CheckpointId savepoint);

}  // namespace weir::jobmanager
