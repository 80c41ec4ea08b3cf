#include "jobmanager/ha/leader_store.h"

#include <utility>

#include "common/telemetry/log.h"

namespace weir::ha {

Answer<std::monostate> LeaderStore::onStrand(Answer<std::monostate> done) {
  return [this, &strand = strand_, alive = std::weak_ptr<bool>(alive_), done = std::move(done)](
             Status written) {
    strand.post([this, alive, done, written = std::move(written)] {
      if (!alive.expired()) {
        answered(written, done);
      }
    });
  };
}

void LeaderStore::removeJob(JobId job, Answer<std::monostate> done) {
  write(RemoveJob{job}, [this, job, done = std::move(done)](const Status& one) {
    const bool passes = !one && (one.error().code() == ErrorCode::kIo ||
                                 one.error().code() == ErrorCode::kUnavailable ||
                                 one.error().code() == ErrorCode::kResourceExhausted);
    if (passes) {
      tryRemoveAgain(job, one.error(), done);
    } else {
      removals_.erase(job);
      done(one);
    }
  });
}

void LeaderStore::tryRemoveAgain(JobId job, const Error& why, Answer<std::monostate> done) {
  auto& timer = removals_[job];
  if (timer == nullptr) {  // Else it was said.
    log::warn("the store of jobs does not forget an ended job; this is tried again",
              {{"job", job.hex()}, {"reason", why.text()}});
  }
  timer = strand_.schedule(kRemoveAgain, [this, job, done = std::move(done)] {
    if (!over_) {
      removeJob(job, done);
    }
  });
}

void LeaderStore::answered(const Status& written, const Answer<std::monostate>& done) {
  if (over_) {
    return;
  }
  if (!written && written.error().code() == ErrorCode::kFenced) {
    over_ = true;
    fenced_(written.error());
    return;
  }
  done(written);
}

}  // namespace weir::ha
