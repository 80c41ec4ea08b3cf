#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/fs/memory_file_system.h"
#include "jobmanager/checkpoint/checkpoint_coordinator.h"

namespace weir::jobmanager {

/// Notes what a coordinator tells the tasks.
class FakeTasks final : public CheckpointedTasks {
 public:
  void trigger(const runtime::CheckpointOrder& order) override {
    triggered.push_back(order.checkpoint.value());
  }
  void notify(CheckpointId id, bool completed) override {
    (completed ? notified : aborted).push_back(id.value());
  }
  std::string describe(const runtime::TaskId& task) const override { return task.vertex.hex(); }
  Status point(const CompletedCheckpoint& newest) override {
    pointed.push_back(newest.metadata.checkpoint.value());
    return point_result;
  }
  void checkpointCompleted(CheckpointId /*id*/) override {}

  Status point_result = ok();
  std::vector<std::uint64_t> pointed;
  std::vector<std::uint64_t> triggered;
  std::vector<std::uint64_t> notified;
  std::vector<std::uint64_t> aborted;
};

}  // namespace weir::jobmanager

namespace weir::testing {

/// All files but the mark that a job lives, which stands in the directory of its checkpoints.
inline std::vector<std::string> unmarked(const fs::MemoryFileSystem& files) {
  std::vector<std::string> names = files.files();
  std::erase_if(names, [](const std::string& name) {
    return name.find("/in-use-") != std::string::npos && name.find("/chk-") == std::string::npos;
  });
  return names;
}

}  // namespace weir::testing
