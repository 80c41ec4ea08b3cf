#pragma once

#include <string>

#include "common/base/ids.h"

namespace weir::ha {

/// Where a completed checkpoint of a job lies.
struct CheckpointPointer {
  CheckpointId id;
  bool savepoint = false;
  std::string path;  ///< Of the directory with its metadata; empty for state on the job manager.
  bool operator==(const CheckpointPointer&) const = default;
};

}  // namespace weir::ha
