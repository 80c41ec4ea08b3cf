#include "jobmanager/scheduler/job_stop.h"

#include <utility>

#include "common/base/crash_point.h"
#include "common/base/text.h"
#include "common/telemetry/log.h"

namespace weir::jobmanager {

namespace {

/// How often a job that has stopped is deployed again to commit.
constexpr int kTriesToCommit = 3;
constexpr Duration kBeyondStrategy = std::chrono::milliseconds(100);

}  // namespace

Status JobStop::mayStop(const Attempt* attempt) const {
  runtime::SavepointRequest stop;
  stop.stop = runtime::StopMode::kSuspend;
  WEIR_RETURN_IF_ERROR(mayTake(stop, attempt));
  return savepoints_.mayTake();
}

Status JobStop::mayTake(const runtime::SavepointRequest& request, const Attempt* attempt) const {
  if (pending_ || complete_) {
    return Error(ErrorCode::kFailedPrecondition, "the job is stopping already");
  }
  if (request.stop != runtime::StopMode::kNone && coordinator_.running() && attempt != nullptr &&
      !attempt->mayStop()) {
    return Error(ErrorCode::kFailedPrecondition, "its inputs have ended: it is finishing");
  }
  return ok();
}

void JobStop::take(const runtime::SavepointRequest& request,
                   SnapshotCheck check,
                   std::function<void(const runtime::SavepointProgress&)> progress,
                   Callback<runtime::SavepointResult> done,
                   Attempt* attempt) {
  pending_ = true;
  savepoints_.take(
      request,
      std::move(check),
      std::move(progress),
      [this, mode = request.stop, done = std::move(done), attempt](
          const Result<runtime::SavepointResult>& result) { ended(mode, result, done, attempt); });
  if (pending_) {
    attempt->finishing().stopping();
  }
}

/// Its savepoint belongs to `attempt`, behind which no other begins before this.
void JobStop::ended(runtime::StopMode mode,
                    const Result<runtime::SavepointResult>& result,
                    const Callback<runtime::SavepointResult>& done,
                    Attempt* attempt) {
  pending_ = false;
  if (!result) {
    log::warn("job is not stopped",
              {{"job", job_.hex()}, {"reason", cutText(result.error().text(), kMostLoggedBytes)}});
    restarts_ = mode == runtime::StopMode::kDrain ? 1 : 0;
    done(result);
    if (attempt != nullptr) {
      attempt->finishing().stopFailed(mode, result.error());
    }
    return;
  }
  crashPoint("stop.stored");
  log::info("job stops", {{"job", job_.hex()}, {"savepoint", result->path}});
  completed();
  done(result);
  attempt->finishing().stopped();
}

void JobStop::completed() {
  complete_ = true;
  restarts_ = kTriesToCommit;
}

std::optional<Duration> JobStop::takeRestart() {
  if (restarts_ == 0) {
    return std::nullopt;
  }
  --restarts_;
  return kBeyondStrategy;
}

}  // namespace weir::jobmanager
