#include "jobmanager/scheduler/final_checkpoint.h"

#include <utility>

namespace weir::jobmanager {
namespace {

constexpr int kTries = 3;

}  // namespace

void FinalCheckpoint::take(Callback<CheckpointId> done) {
  done_ = std::move(done);
  tryOnce();
}

void FinalCheckpoint::tryOnce() {
  coordinator_.takeFinal([this](const Result<CheckpointId>& taken) {
    if (!done_) {
      return;
    }
    if (!taken && ++failures_ < kTries) {
      pausing_ = strand_.schedule(pause_, [this] {
        pausing_.reset();
        tryOnce();
      });
      return;
    }
    std::exchange(done_, {})(taken);
  });
}

void FinalCheckpoint::cancel() {
  done_ = {};
  pausing_.reset();
}

}  // namespace weir::jobmanager
