#include "taskmanager/worker/task/task_outputs.h"

#include <utility>

namespace weir::worker {

void TaskOutputs::add(std::uint32_t edge, std::vector<std::unique_ptr<OutputChannel>> channels) {
  Overdraft* overdraft = this;
  senders_[edge] = std::make_unique<EdgeSender>(
      std::move(channels), buffers_, signal_, stop_, clock_, overdraft);
}

bool TaskOutputs::hasRoom() {
  bool all = true;
  for (auto& [edge, sender] : senders_) {
    all = sender->hasRoom() && all;  // Each is asked, so that each wakes us.
  }
  return all;
}

Duration TaskOutputs::waited() const {
  Duration sum{};
  for (const auto& [edge, sender] : senders_) {
    sum += sender->waited();
  }
  return sum;
}

std::uint64_t TaskOutputs::bytesSent() const {
  std::uint64_t sum = 0;
  for (const auto& [edge, sender] : senders_) {
    sum += sender->bytesSent();
  }
  return sum;
}

void TaskOutputs::noteStarted(SteadyTime now) {
  if (!std::exchange(started_, true)) {
    due_ = now + timeout_;
  }
}

void TaskOutputs::noteDue(SteadyTime now) {
  started_ = true;
  due_ = now;
}

}  // namespace weir::worker
