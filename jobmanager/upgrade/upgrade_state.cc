#include "jobmanager/upgrade/upgrade_state.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"
#include "common/telemetry/log.h"

namespace weir::jobmanager {

using ha::UpgradeStep;

namespace {

constexpr std::size_t kMostReasonBytes = 8 * 1024;  // Of a failure, in the answer.

const ha::JobCheckpoints* checkpointsOf(JobId job, const std::vector<ha::StoredJob>& jobs) {
  const auto found =
      std::ranges::find(jobs, job, [](const ha::StoredJob& one) { return one.request.job; });
  return found == jobs.end() ? nullptr : &found->checkpoints;
}

}  // namespace

std::string labelOf(const runtime::SubmitRequest& job) {
  return "job " + job.job.hex() + " ('" + job.graph->name + "')";
}

std::string hasEnded(const runtime::JobResult& result) {
  return "is " + std::string(toString(result.state)) +
         (result.cause.empty() ? "" : ": " + result.cause);
}

void UpgradeState::logStep(std::string_view what) const {
  log::info(what,
            {{"job", request().job.hex()},
             {"next", next().job.hex()},
             {"step", static_cast<std::uint32_t>(step())}});
}

Error endedUnstopped(JobId job) {
  return Error(ErrorCode::kFailedPrecondition,
               "job " + job.hex() + " ended before it could be stopped");
}

bool UpgradeState::concerns(JobId job) const {
  return job == request().job || job == next().job || job == back().job;
}

bool UpgradeState::isOfNext() const {
  return step() >= UpgradeStep::kStart && step() <= UpgradeStep::kRunning;
}

runtime::SubmitRequest UpgradeState::fromSavepoint(runtime::SubmitRequest program) const {
  if (!program.restore) {
    program.restore.emplace();
  }
  program.restore->path = progress().reply.savepoint;
  return program;
}

std::optional<runtime::UpgradeNotice> UpgradeState::notice() const {
  if (step() == UpgradeStep::kAnswered) {
    return std::nullopt;
  }
  // Steps are stored, stages are told: both are append only, and go on together up to here.
  static_assert(static_cast<std::uint32_t>(UpgradeStep::kBack) ==
                static_cast<std::uint32_t>(runtime::UpgradeStage::kStartsOld));
  runtime::UpgradeNotice to;
  to.stage = static_cast<runtime::UpgradeStage>(step());
  const runtime::SubmitRequest& of = step() == UpgradeStep::kBack ? back() : next();
  to.job = step() <= UpgradeStep::kStopped ? request().job : of.job;
  to.job_name = step() <= UpgradeStep::kStopped ? back().graph->name : of.graph->name;
  to.savepoint = progress().reply.savepoint;
  to.failure = progress().reply.failure;
  return to;
}

bool UpgradeState::resume(const std::vector<ha::StoredJob>& jobs, std::int64_t now) {
  const ha::JobCheckpoints* old = checkpointsOf(request().job, jobs);
  const ha::JobCheckpoints* next_one = checkpointsOf(next().job, jobs);
  if (step() == UpgradeStep::kBegun && old != nullptr && old->stopped &&
      old->stopped->operation == request().operation) {
    stoppedBefore(old->stopped->result.path);
    return true;
  }
  if (isOfNext() && next_one != nullptr && !next_one->retained.empty()) {
    succeed(now);
    return true;
  }
  return false;
}

void UpgradeState::stopped(const std::string& savepoint) {
  reply().savepoint = savepoint;
  go(UpgradeStep::kStopped);
}

void UpgradeState::stoppedBefore(const std::string& savepoint) {
  stopping(upgrade_.begun_millis);
  stopped(savepoint);
}

void UpgradeState::accepted(const runtime::RestoreReport& restore) {
  reply().restore = restore;
  go(UpgradeStep::kAccepted);
}

bool UpgradeState::nextStands(bool runs, std::int64_t now) {
  if (runs) {
    nextRuns(now);
  }
  return !std::exchange(next_runs_, runs) && runs;
}

void UpgradeState::nextRuns(std::int64_t now) {
  std::int64_t& running = upgrade_.progress.running_millis;
  running = running == 0 ? now : running;
}

void UpgradeState::fail(const std::string& why) {
  upgrade_.progress.running_millis = 0;
  reply().failure = labelOf(next()) + " " + cutText(why, kMostReasonBytes);
  log::warn("the next program of an upgrade is given up, and the old one goes on",
            {{"job", request().job.hex()}, {"reason", cutText(reply().failure, kMostLoggedBytes)}});
  go(UpgradeStep::kFailed);
}

void UpgradeState::succeed(std::int64_t now) {
  nextRuns(now);
  reply().job = next().job;
  reply().down_millis = progress().running_millis - progress().stopping_millis;
  log::info("upgraded", {{"job", request().job.hex()}, {"down_ms", reply().down_millis}});
  go(UpgradeStep::kAnswered);
}

void UpgradeState::backRuns(std::int64_t now, const std::string& but) {
  upgrade_.progress.running_millis = now;
  reply().job = back().job;
  reply().down_millis = now - progress().stopping_millis;
  reply().failure += "; the old program goes on as " + labelOf(back()) +
                     (but.empty() ? std::string() : ", which " + but);
  go(UpgradeStep::kAnswered);
}

void UpgradeState::backEnded(const runtime::JobResult& result, std::int64_t now) {
  if (result.state == runtime::JobState::kFinished) {
    backRuns(now, {});
    return;
  }
  refuse(Error(ErrorCode::kUnavailable,
               reply().failure + "; the old program does not run again either: " + labelOf(back()) +
                   " " + cutText(hasEnded(result), kMostReasonBytes))
             .advise("start one of them from the savepoint (weir run -s " + reply().savepoint +
                     " PROGRAM)"));
}

void UpgradeState::refuse(const Error& why) {
  log::warn("not upgraded",
            {{"job", request().job.hex()}, {"reason", cutText(why.text(), kMostLoggedBytes)}});
  upgrade_.progress.failure = why;
  go(UpgradeStep::kAnswered);
}

}  // namespace weir::jobmanager
