#include "jobmanager/scheduler/take_up_gate.h"

#include <utility>

#include "common/telemetry/log.h"

namespace weir::jobmanager {

void TakeUpGate::close(Duration wait) {
  closed_until_ = strand_.schedule(wait, [this] { open(); });
}

void TakeUpGate::open() {
  closed_until_.reset();
  for (std::function<void()>& then : std::exchange(waiting_, {})) {
    strand_.post(std::move(then));  // Not within a call of the job.
  }
}

void TakeUpGate::pass(std::function<void()> then) {
  if (closed_until_ == nullptr) {
    then();
    return;
  }
  log::info("a request waits until the job is taken up", {{"job", job_.hex()}});
  waiting_.push_back(std::move(then));
}

}  // namespace weir::jobmanager
