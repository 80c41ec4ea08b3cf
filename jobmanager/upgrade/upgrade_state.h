#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/runtime/upgrade_notice.h"
#include "jobmanager/ha/job_store.h"

namespace weir::jobmanager {

/// Of a program as it is to be submitted: "job <id> ('name')".
std::string labelOf(const runtime::SubmitRequest& job);
/// "is FAILED: ...": of a job that has come to this.
std::string hasEnded(const runtime::JobResult& result);
/// Of the job that was to be stopped.
Error endedUnstopped(JobId job);

/// What is stored of one upgrade, and what becomes of it by what happens. A plain value.
class UpgradeState {
 public:
  explicit UpgradeState(ha::StoredUpgrade upgrade) : upgrade_(std::move(upgrade)) {}

  /// Tells the log which step it has come to.
  void logStep(std::string_view what) const;
  const ha::StoredUpgrade& stored() const { return upgrade_; }
  const ha::UpgradeProgress& progress() const { return upgrade_.progress; }
  ha::UpgradeStep step() const { return upgrade_.progress.step; }
  const runtime::UpgradeRequest& request() const { return upgrade_.request; }
  const runtime::SubmitRequest& next() const { return upgrade_.request.next; }
  const runtime::SubmitRequest& back() const { return upgrade_.back; }
  /// Whether this is one of its three jobs.
  bool concerns(JobId job) const;
  /// The next one was, or is being, submitted, and has neither taken over nor failed.
  bool isOfNext() const;
  /// What is done in this step; nothing once it is answered.
  std::optional<runtime::UpgradeNotice> notice() const;
  /// The program, to start from the savepoint.
  runtime::SubmitRequest fromSavepoint(runtime::SubmitRequest program) const;

  /// It is taken up again, with these jobs. True when it has got further than was stored: the job
  /// has stopped, or the next one has completed a checkpoint.
  bool resume(const std::vector<ha::StoredJob>& jobs, std::int64_t now);

  // Times are in milliseconds since 1970. Those of another kind than in `step` come next to it.
  void stopping(std::int64_t now) { upgrade_.progress.stopping_millis = now; }
  void stopped(const std::string& savepoint);
  /// An earlier leader had begun to, and it is not known when.
  void stoppedBefore(const std::string& savepoint);
  void go(ha::UpgradeStep step) { upgrade_.progress.step = step; }
  void accepted(const runtime::RestoreReport& restore);
  /// Whether all tasks of the next one run now: true where they did not when it was last said.
  bool nextStands(bool runs, std::int64_t now);
  /// `why` continues "<job> ".
  void fail(const std::string& why);
  void succeed(std::int64_t now);
  /// `but`, if not empty, continues "<job>, which ".
  void backRuns(std::int64_t now, const std::string& but);
  /// The next one was given up, and the job of the old program has come to this.
  void backEnded(const runtime::JobResult& result, std::int64_t now);
  void refuse(const Error& why);

 private:
  void nextRuns(std::int64_t now);
  runtime::UpgradeReply& reply() { return upgrade_.progress.reply; }

  ha::StoredUpgrade upgrade_;
  bool next_runs_ = false;  // When it was last said, to this job manager.
};

}  // namespace weir::jobmanager
