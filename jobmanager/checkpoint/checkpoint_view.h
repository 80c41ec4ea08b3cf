#pragma once

#include <cstdint>
#include <string>

#include "common/base/ids.h"

namespace weir::jobmanager {

/// What is known of one checkpoint or savepoint, whatever became of it; for HTTP.
struct CheckpointView {
  CheckpointId id;
  bool savepoint = false;
  enum class Status : std::uint8_t {
    kInProgress,
    kCompleted,
    kFailed
  } status = Status::kInProgress;
  std::int64_t trigger_millis = 0;
  std::int64_t duration_millis = -1;
  std::uint64_t bytes = 0;
  std::uint32_t acknowledged = 0;
  std::uint32_t subtasks = 0;
  std::string path;
  std::string failure;
};

}  // namespace weir::jobmanager
