#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/runtime/job_state.h"
#include "common/runtime/messages.h"

namespace weir::jobmanager {

/// One subtask of the attempt that runs or ran last, for HTTP.
struct SubtaskView {
  std::uint32_t subtask = 0;
  runtime::TaskState state = runtime::TaskState::kCreated;
  std::uint64_t attempt = 1;
  std::string host;
  std::int64_t start_millis = -1;
  std::int64_t end_millis = -1;
  /// When each TaskState was entered, indexed by its number; 0: never.
  std::array<std::int64_t, 9> timestamps{};
  runtime::TaskMetrics metrics;
};

/// A vertex with its subtasks, for HTTP.
struct VertexView {
  OperatorId id;
  std::string name;
  std::uint32_t parallelism = 1;
  std::vector<SubtaskView> subtasks;
};

}  // namespace weir::jobmanager
