#pragma once

#include <cstdint>
#include <string>

#include "common/base/ids.h"

namespace weir::jobmanager {

/// A task manager at one instant, for HTTP.
struct TaskManagerView {
  TaskManagerId id;
  std::string host;
  std::uint16_t data_port = 0;
  std::int64_t last_heartbeat_millis = 0;
  std::uint32_t slots = 1;
  std::uint32_t free_slots = 0;
  std::uint32_t cpu_cores = 0;
  std::uint64_t physical_memory = 0;
  std::uint64_t free_memory = 0;
};

}  // namespace weir::jobmanager
