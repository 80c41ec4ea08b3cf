#include "jobmanager/scheduler/job_restore.h"

#include <utility>
#include <vector>

#include "common/base/text.h"
#include "common/telemetry/log.h"

namespace weir::jobmanager {
namespace {

std::string linesOf(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) {
    text += (text.empty() ? "" : "; ") + line;
    if (text.size() > kMostLoggedBytes) {
      break;
    }
  }
  return text;
}

}  // namespace

JobRestore::JobRestore(JobId job,
                       std::optional<runtime::RestoreRequest> request,
                       const graph::JobGraph& graph,
                       SavepointStore& store,
                       JobSavepoints& savepoints,
                       CheckpointCoordinator& coordinator)
    : job_(job),
      request_(std::move(request)),
      graph_(graph),
      store_(store),
      savepoints_(savepoints),
      coordinator_(coordinator) {}

void JobRestore::open(Callback<runtime::RestoreReport> done) {
  if (!request_) {
    done(runtime::RestoreReport{});
    return;
  }
  store_.open(request_->path,
              [this, alive = std::weak_ptr<bool>(alive_), done = std::move(done)](
                  Result<SavepointStore::Opened> opened) mutable {
                if (alive.expired()) {
                  return;
                }
                if (opened) {
                  match(*std::move(opened), std::move(done));
                } else {
                  done(opened.error());
                }
              });
}

void JobRestore::match(SavepointStore::Opened opened, Callback<runtime::RestoreReport> done) {
  Result<snapshot::RestorePlan> plan = snapshot::matchState(opened.metadata, graph_, *request_);
  if (!plan) {
    done(plan.error());
    return;
  }
  plan_ = *std::move(plan);
  coordinator_.continueAfter(opened.metadata.checkpoint);
  log::info("savepoint matched",
            {{"job", job_.hex()},
             {"savepoint", opened.path},
             {"matched", linesOf(plan_.report.matched)},
             {"empty", linesOf(plan_.report.empty)},
             {"dropped", linesOf(plan_.report.dropped)}});
  savepoints_.markRestored(opened.metadata.checkpoint, opened.path, [this, done = std::move(done)] {
    done(plan_.report);
  });
}

runtime::Restores JobRestore::restores(AttemptId attempt) const {
  const CompletedCheckpoint* latest = coordinator_.latest();
  if (latest == nullptr) {
    return plan_.restores;
  }
  log::info("restoring from a checkpoint",
            {{"job", job_.hex()},
             {"id", latest->metadata.checkpoint.value()},
             {"attempt", attempt.value()}});
  return snapshot::restoreSame(latest->metadata, graph_).restores;
}

}  // namespace weir::jobmanager
