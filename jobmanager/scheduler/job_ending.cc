#include "jobmanager/scheduler/job_ending.h"

#include <utility>

#include "common/base/text.h"
#include "common/telemetry/log.h"

namespace weir::jobmanager {

using runtime::JobState;

namespace {

/// The state in which a job is that is about to end in `terminal`.
JobState stateBefore(JobState terminal) {
  switch (terminal) {
    case JobState::kFinished:
      return JobState::kRunning;
    case JobState::kCanceled:
      return JobState::kCancelling;
    default:
      return JobState::kFailing;
  }
}

}  // namespace

void JobEnding::cancelled(Callback<std::monostate> done) {
  parts_.take_up.open();
  parts_.store.write(
      ha::CancelJob{job_}, [job = job_, done = std::move(done)](const Status& stored) {
        if (!stored) {
          log::warn(
              "the store of jobs did not take that a job is cancelled",
              {{"job", job.hex()},
               {"reason", stored.error().message()},
               {"advice", "should this job manager end before the job has, cancel it again"}});
        }
        done(ok());
      });
}

void JobEnding::run(JobState terminal, const std::string& failure, std::function<void()> done) {
  done_ = std::move(done);
  parts_.take_up.open();
  // A failure that a restart has mended is not the reason of the end.
  const bool failed = terminal == JobState::kFailed;
  result_ = {.state = terminal,
             .runtime_millis = parts_.states.now() - start_millis_,
             .cause = failed ? failure : std::string(),
             .accumulators = parts_.states.graph().accumulators()};
  if (parts_.restore.unread()) {  // None of its checkpoints is known to be needed no more.
    release();
    return;
  }
  parts_.coordinator.storeEnd(result_, failed, [this, failed](const Status& stored) {
    if (!stored) {
      log::warn("the store of jobs did not take that a job has ended",
                {{"job", job_.hex()}, {"reason", stored.error().message()}});
    }
    discard(failed);
  });
}

void JobEnding::resume(const ha::JobCheckpoints& stored, std::function<void()> done) {
  done_ = std::move(done);
  parts_.take_up.open();
  result_ = *stored.result;
  parts_.states.move(stateBefore(result_.state), result_.cause);
  parts_.coordinator.resume(stored, {});
  discard(false);
}

void JobEnding::discard(bool keep_latest) {
  parts_.coordinator.end(keep_latest, [this] { release(); });
}

/// Others may dispose its savepoints now.
void JobEnding::release() {
  parts_.savepoints.release(
      [this] { parts_.listener.jobEnding(job_, result_, [this] { forget(); }); });
}

void JobEnding::forget() {
  parts_.store.removeJob(job_, [this](const Status& removed) {
    if (!removed) {
      log::warn("the store of jobs did not forget an ended job",
                {{"job", job_.hex()}, {"reason", removed.error().message()}});
    }
    ended();
  });
}

void JobEnding::ended() {
  end_millis_ = parts_.states.now();
  parts_.states.move(result_.state, result_.cause);
  const bool alarming = result_.state == JobState::kFailed && !local_;
  log::write(alarming ? log::Level::kWarn : log::Level::kInfo,
             "job ended",
             {{"job", job_.hex()},
              {"state", toString(result_.state)},
              {"reason", cutText(result_.cause, kMostLoggedBytes)}});
  parts_.events.add(result_);
  done_();
}

}  // namespace weir::jobmanager
