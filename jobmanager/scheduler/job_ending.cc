#include "jobmanager/scheduler/job_ending.h"

#include <utility>

#include "common/telemetry/log.h"

namespace weir::jobmanager {

void JobEnding::run(bool keep_latest, std::function<void()> done) {
  store_.removeJob(job_, [this, keep_latest, done = std::move(done)](const Status& removed) {
    if (!removed) {
      log::warn("the store of jobs did not forget an ended job",
                {{"job", job_.hex()}, {"reason", removed.error().message()}});
    }
    discard(keep_latest, done);
  });
}

void JobEnding::discard(bool keep_latest, std::function<void()> done) {
  if (restore_.unread()) {  // None of its checkpoints is known to be needed no more.
    savepoints_.release(std::move(done));
    return;
  }
  coordinator_.end(keep_latest, [this, done = std::move(done)] {
    savepoints_.release(done);  // Others may dispose them now.
  });
}

}  // namespace weir::jobmanager
