#include "jobmanager/scheduler/job_restore.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/base/crash_point.h"
#include "common/base/text.h"
#include "common/snapshot/metadata_file.h"
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
                       const CheckpointServices& services,
                       const std::string& directory,
                       std::uint64_t metadata_limit,
                       std::optional<runtime::RestoreRequest> request,
                       const graph::JobGraph& graph,
                       SavepointStore& store,
                       JobSavepoints& savepoints,
                       CheckpointCoordinator& coordinator)
    : job_(job),
      strand_(services.strand),
      files_(services.files),
      metadata_limit_(metadata_limit),
      request_(std::move(request)),
      graph_(graph),
      store_(store),
      savepoints_(savepoints),
      coordinator_(coordinator),
      work_(services.strand, services.io, services.file_bounds, directory) {}

/// `read` reads what could not be read for `why`.
void JobRestore::tryAgain(const Error& why,
                          std::function<void()> read,
                          Callback<runtime::RestoreReport> done) {
  const bool wrong =
      why.code() == ErrorCode::kCorruption || why.code() == ErrorCode::kInvalidArgument;
  if (wrong || stopped_) {
    away_.clear();
    done(why);
    return;
  }
  if (why.text() != away_) {  // Else it was said.
    away_ = why.text();
    log::warn("what a job goes on from cannot be read for now, and is read again and again",
              {{"job", job_.hex()}, {"reason", cutText(away_, kMostLoggedBytes)}});
  }
  give_up_ = [why, done = std::move(done)] { done(why); };
  again_ = strand_.schedule(pause_, [this, read = std::move(read)] {
    give_up_ = nullptr;
    read();
  });
  pause_ = std::min(2 * pause_, kLongestPause);
}

void JobRestore::stopWaiting() {
  stopped_ = true;
  if (!give_up_) {
    return;
  }
  again_.reset();
  away_.clear();
  // Not inside of the call that ends the job.
  strand_.post([alive = std::weak_ptr<bool>(alive_), give_up = std::exchange(give_up_, nullptr)] {
    if (!alive.expired()) {
      give_up();
    }
  });
}

void JobRestore::openSavepoint(bool taken_up, Callback<runtime::RestoreReport> done) {
  if (!request_) {
    done(runtime::RestoreReport{});
    return;
  }
  store_.open(request_->path,
              [this, taken_up, alive = std::weak_ptr<bool>(alive_), done = std::move(done)](
                  Result<SavepointStore::Opened> opened) mutable {
                if (alive.expired()) {
                  return;
                }
                if (opened) {
                  away_.clear();
                  match(*std::move(opened), std::move(done));
                } else if (taken_up) {
                  tryAgain(opened.error(), [this, done] { openSavepoint(true, done); }, done);
                } else {
                  done(opened.error());
                }
              });
}

void JobRestore::open(std::optional<ha::JobCheckpoints> stored,
                      Callback<runtime::RestoreReport> done) {
  if (!stored || stored->retained.empty()) {
    if (stored) {
      coordinator_.resume(*stored, {});
    }
    openSavepoint(stored.has_value(), std::move(done));
    return;
  }
  unread_ = true;
  if (!stored->retained.back().path.empty()) {
    read(*std::move(stored), std::move(done));
    return;
  }
  done(Error(ErrorCode::kNotFound,
             "checkpoint " + std::to_string(stored->retained.back().id.value()) + " of job " +
                 job_.hex() + " was kept on the job manager that ended")
           .advise("set state.backend to filesystem for jobs that are to survive it"));
}

void JobRestore::read(ha::JobCheckpoints stored, Callback<runtime::RestoreReport> done) {
  using Checkpoints = std::vector<CompletedCheckpoint>;
  work_.run(
      [&files = files_,
       pointers = stored.retained,
       most = metadata_limit_]() -> Result<Checkpoints> {
        Checkpoints checkpoints;
        for (const ha::CheckpointPointer& one : pointers) {
          WEIR_TRY(auto metadata, snapshot::readMetadata(files, one.path, {}, most));
          checkpoints.push_back({std::move(metadata), one.path});
        }
        return checkpoints;
      },
      [this, stored, done = std::move(done)](Result<Checkpoints> checkpoints) {
        if (!checkpoints) {
          tryAgain(
              Error(checkpoints.error()).during("take up job " + job_.hex() + " again"),
              [this, stored, done] { read(stored, done); },
              done);
          return;
        }
        unread_ = false;
        away_.clear();
        coordinator_.resume(stored, *std::move(checkpoints));
        done(runtime::RestoreReport{});
      });
}

void JobRestore::match(SavepointStore::Opened opened, Callback<runtime::RestoreReport> done) {
  Result<snapshot::RestorePlan> plan = snapshot::matchState(opened.metadata, graph_, *request_);
  if (!plan) {
    done(plan.error());
    return;
  }
  plan_ = *std::move(plan);
  crashPoint("restore.matched");
  coordinator_.continueAfter(opened.metadata.checkpoint);
  log::info("savepoint matched",
            {{"job", job_.hex()},
             {"savepoint", opened.path},
             {"matched", linesOf(plan_.report.matched)},
             {"empty", linesOf(plan_.report.empty)},
             {"dropped", linesOf(plan_.report.dropped)}});
  savepoints_.markRestored(opened, [this, done = std::move(done)] { done(plan_.report); });
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
