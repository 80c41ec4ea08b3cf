#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/fs/file_system.h"
#include "jobmanager/ha/checkpoint_pointer.h"

namespace weir::jobmanager {

/// Which checkpoints of a job earlier leaders may have begun without that the store of jobs ever
/// heard of them: they died, or lost their term, while one was pending or being written.
struct LeftCheckpoints {
  CheckpointId after;            ///< The newest that the job recovers from.
  CheckpointId before;           ///< The first that this leader may use itself.
  std::set<CheckpointId> known;  ///< To the store, between the two.
  std::set<CheckpointId> cut;    ///< Of savepoints that were begun, and of which nothing else is.

  /// As the store of jobs says when the job is taken up again.
  static LeftCheckpoints of(const ha::JobCheckpoints& stored);
};

/// Those of `left` that have a directory in `directory`, the job's own, and that nobody needs:
/// neither a savepoint that was not cut short, nor one whose metadata cannot be read, nor, with
/// `own_handles`, one without metadata, as nobody could tell which handles of users' own making go
/// with it. Blocks: call it through FileWork only.
Result<std::vector<CheckpointId>> findLeft(fs::FileSystem& files,
                                           const std::string& directory,
                                           const LeftCheckpoints& left,
                                           bool own_handles,
                                           std::uint64_t most_metadata);

}  // namespace weir::jobmanager
