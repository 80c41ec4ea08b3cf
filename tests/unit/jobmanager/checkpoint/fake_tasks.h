#pragma once

#include <cstdint>
#include <string>
#include <vector>

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
  void checkpointCompleted(CheckpointId /*id*/) override {}

  std::vector<std::uint64_t> triggered;
  std::vector<std::uint64_t> notified;
  std::vector<std::uint64_t> aborted;
};

}  // namespace weir::jobmanager
