#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "common/fs/memory_file_system.h"
#include "jobmanager/checkpoint/checkpoint_coordinator.h"

namespace weir::jobmanager {

/// Notes what a coordinator tells the tasks.
class FakeTasks : public CheckpointedTasks {
 public:
  void trigger(const runtime::CheckpointOrder& order) override {
    triggered.push_back(order.checkpoint.value());
  }
  void notify(CheckpointId id, bool completed) override {
    (completed ? notified : aborted).push_back(id.value());
  }
  std::string describe(const runtime::TaskId& task) const override { return task.vertex.hex(); }
  std::string hostOf(const runtime::TaskId& /*task*/) const override { return host; }
  std::string heldUp(const runtime::TaskId& task, std::int64_t since) const override {
    return held_up ? held_up(task, since) : std::string();
  }
  void point(ha::JobCheckpoints checkpoints, Callback<std::monostate> done) override {
    stored = checkpoints;
    if (!checkpoints.retained.empty()) {
      pointed.push_back(checkpoints.retained.back().id.value());
    }
    retained_ids.clear();
    for (const ha::CheckpointPointer& one : checkpoints.retained) {
      retained_ids.push_back(one.id.value());
    }
    if (hold_points) {
      held_points.push_back(std::move(done));
    } else {
      done(point_result);
    }
  }
  /// Answers the call of point() that is held.
  void answerPoint() {
    auto done = std::move(held_points.at(0));
    held_points.erase(held_points.begin());
    done(point_result);
  }
  void checkpointCompleted(CheckpointId /*id*/) override {}

  std::string host;
  std::function<std::string(const runtime::TaskId&, std::int64_t since)> held_up;
  Status point_result = ok();
  bool hold_points = false;  // Until answerPoint().
  std::vector<Callback<std::monostate>> held_points;
  ha::JobCheckpoints stored;                // By the last call.
  std::vector<std::uint64_t> pointed;       // The newest of each call.
  std::vector<std::uint64_t> retained_ids;  // Of the last call.
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
