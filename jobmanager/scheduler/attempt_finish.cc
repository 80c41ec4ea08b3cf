#include "jobmanager/scheduler/attempt_finish.h"

#include <utility>

#include "common/base/crash_point.h"

namespace weir::jobmanager {

namespace {

constexpr Duration kReapWait = std::chrono::seconds(5);

}  // namespace

AttemptFinish::AttemptFinish(Parts parts, Events events)
    : parts_(std::move(parts)),
      events_(std::move(events)),
      final_checkpoint_(
          parts_.coordinator, parts_.strand, parts_.states.graph().graph().checkpoints.interval) {}

void AttemptFinish::begin(bool stopped) { phase_ = stopped ? Phase::kDrained : Phase::kOpen; }

void AttemptFinish::proceed() {
  const ExecutionGraph& graph = parts_.states.graph();
  if (phase_ == Phase::kIdle || (phase_ < Phase::kDrained && !graph.allInputsEnded())) {
    return;
  }
  if (graph.all(runtime::TaskState::kFinished)) {
    if (reap_deadline_ == nullptr) {  // A worker that is not reaped soon holds up no job.
      reap_deadline_ = parts_.strand.schedule(kReapWait, [this] { events_.over(); });
    }
    return;
  }
  const bool checkpoints = graph.graph().checkpoints.enabled;
  if (checkpoints && phase_ == Phase::kOpen) {
    takeFinalCheckpoint();
  } else if (phase_ == Phase::kDrained || (!checkpoints && phase_ == Phase::kOpen)) {
    order();
  }
}

void AttemptFinish::takeFinalCheckpoint() {
  phase_ = Phase::kFinalCheckpoint;
  final_checkpoint_.take([this](const Result<CheckpointId>& taken) {
    if (taken) {
      phase_ = Phase::kDrained;
      proceed();
    } else {
      events_.fail(Error(taken.error()).during("final checkpoint"));
    }
  });
}

void AttemptFinish::order() {
  if (!parts_.coordinator.hasPendingSavepoints()) {
    phase_ = Phase::kOrdered;
    parts_.coordinator.stop(Error(ErrorCode::kFailedPrecondition, parts_.label + " is finishing"));
    events_.order();
  }
}

void AttemptFinish::cancel() {
  phase_ = Phase::kIdle;
  final_checkpoint_.cancel();
  reap_deadline_.reset();
}

void AttemptFinish::stopped() {
  if (phase_ != Phase::kStopping) {
    return;  // The attempt has failed meanwhile; the next one commits.
  }
  crashPoint("stop.finish");
  phase_ = Phase::kDrained;
  proceed();
}

void AttemptFinish::stopFailed(runtime::StopMode mode, const Error& why) {
  if (phase_ != Phase::kStopping) {
    return;
  }
  if (mode == runtime::StopMode::kDrain) {
    events_.fail(Error(why).during("drain " + parts_.label));
    return;
  }
  phase_ = Phase::kOpen;
  proceed();
}

std::string AttemptFinish::waitsFor() const {
  if (phase_ == Phase::kStopping) {
    return "for the savepoint that it stops with";
  }
  return phase_ == Phase::kFinalCheckpoint ? "for its last checkpoint before it finishes" : "";
}

}  // namespace weir::jobmanager
