#include "jobmanager/dispatcher/upgradable_jobs.h"

#include <utility>

#include "common/config/options.h"
#include "common/config/resolve.h"
#include "common/snapshot/state_matching.h"
#include "common/telemetry/log.h"
#include "jobmanager/blob/program_blobs.h"
#include "jobmanager/resources/slot_sharing.h"

namespace weir::jobmanager {

namespace {

/// What a savepoint of the job would have of it, in which no record is in flight.
runtime::CheckpointMetadata withoutInFlight(runtime::CheckpointMetadata snapshot) {
  for (runtime::SavedOperator& one : snapshot.operators) {
    std::erase_if(one.states, [](const runtime::SavedState& state) {
      return state.kind == state::StateKind::kInFlight;
    });
  }
  return snapshot;
}

/// Whether the state of a snapshot finds its places in the next program.
Status fits(const runtime::CheckpointMetadata& snapshot, const runtime::SubmitRequest& next) {
  runtime::RestoreRequest restore = *next.restore;
  restore.path = snapshot.data_directory.empty()  // As sentences name it.
                     ? "checkpoint " + std::to_string(snapshot.checkpoint.value())
                     : snapshot.data_directory;
  const auto plan = snapshot::matchState(snapshot, next.graph, restore);
  return plan ? ok() : Status(plan.error());
}

}  // namespace

std::optional<JobStanding> UpgradableJobs::standing(JobId job) const {
  JobMaster* master = jobs_.find(job);
  if (master == nullptr) {
    return std::nullopt;
  }
  const runtime::JobSummary summary = master->summary();
  return JobStanding{
      .reading = master->reading(),
      .runs = summary.state == runtime::JobState::kRunning && master->checkpoints().running(),
      .checkpointed = master->checkpoints().latest() != nullptr,
      .restarts = summary.restarts,
      .failure = summary.failure,
      .waits = summary.waiting};
}

void UpgradableJobs::whenTakenUp(JobId job, std::function<void()> then) {
  if (JobMaster* master = jobs_.find(job)) {
    master->takeUp().pass(std::move(then));
  } else {
    then();
  }
}

Status UpgradableJobs::mayUpgrade(const runtime::UpgradeRequest& request) const {
  const JobMaster* master = jobs_.find(request.job);
  if (master == nullptr) {
    return jobs_.noJob(request.job);
  }
  if (jobs_.knows(request.next.job)) {
    return Error(ErrorCode::kInvalidArgument,
                 "there is a job " + request.next.job.hex() + " already");
  }
  WEIR_RETURN_IF_ERROR(checkSubmission(request.next, options_.limits));
  runtime::SubmitRequest next = request.next;
  if (auto options = optionsOf(options_, files_, next); !options) {
    return std::move(options).error();
  }
  WEIR_RETURN_IF_ERROR(master->mayStop());
  WEIR_RETURN_IF_ERROR(haveRoom(*master, next));
  if (const CompletedCheckpoint* latest = jobs_.find(request.job)->checkpoints().latest()) {
    return latest->metadata.hasInFlight() ? fits(withoutInFlight(latest->metadata), next)
                                          : fits(latest->metadata, next);
  }
  return ok();
}

Status UpgradableJobs::haveRoom(const JobMaster& job, const runtime::SubmitRequest& next) const {
  std::uint64_t slots = slotsNeeded(job.sharedGraph());
  for (const TaskManagerView& one : resources_.views()) {
    slots += one.free_slots;
  }
  const std::uint64_t needed = slotsNeeded(next.graph);
  if (needed <= slots) {
    return ok();
  }
  return Error(ErrorCode::kResourceExhausted,
               "the new program needs " + std::to_string(needed) +
                   " slots, and with those of the job that runs " + std::to_string(slots) +
                   " would be free")
      .advise("lower its parallelism (-p), or start more task managers");
}

UpgradePatience UpgradableJobs::patienceFor(const runtime::UpgradeRequest& request) const {
  config::Configuration configuration = options_.configuration;
  if (auto own = config::Configuration::fromMap(request.next.program.configuration)) {
    configuration = configuration.overlaidWith(*own);
  }
  return {.timeout = configuration.get(config::kUpgradeTimeout),
          .restarts = static_cast<std::uint64_t>(configuration.get(config::kUpgradeRestarts))};
}

Result<runtime::SubmitRequest> UpgradableJobs::programOf(JobId job, JobId as) const {
  const JobMaster* master = jobs_.find(job);
  if (master == nullptr) {
    return jobs_.noJob(job);
  }
  runtime::SubmitRequest program;
  program.job = as;
  program.graph = master->sharedGraph();
  program.program = master->program();
  return program;
}

Status UpgradableJobs::retain(const runtime::SubmitRequest& program) {
  return blobs_.retain(program.job, blob::keysOf(program.program));
}

/// Savepoints on the heap end with this job manager, and the next one goes on with the upgrade.
std::string UpgradableJobs::directory() const {
  if (!options_.keeps_jobs || options_.savepoints.on_files) {
    return {};
  }
  const auto checkpoints = config::resolveCheckpointStorage(options_.configuration);
  return checkpoints ? checkpoints->directory : std::string();
}

void UpgradableJobs::stop(const runtime::UpgradeRequest& request,
                          Callback<runtime::SavepointResult> done) {
  JobMaster* master = jobs_.find(request.job);
  if (master == nullptr) {
    done(jobs_.noJob(request.job));
    return;
  }
  runtime::SavepointRequest stop;
  stop.operation = request.operation;
  stop.job = request.job;
  stop.directory = directory();
  stop.stop = runtime::StopMode::kSuspend;
  master->savepoint(
      stop,
      [](const runtime::SavepointProgress&) {},
      std::move(done),
      [next = request.next](const runtime::CheckpointMetadata& snapshot) {
        return fits(snapshot, next);
      });
}

void UpgradableJobs::checkpointSoon(JobId job) {
  if (JobMaster* master = jobs_.find(job)) {
    master->checkpoints().checkpointSoon();
  }
}

void UpgradableJobs::cancel(JobId job) {
  jobs_.cancel(job, [job](const Status& cancelled) {
    if (!cancelled) {
      log::debug("nothing to cancel",
                 {{"job", job.hex()}, {"reason", cancelled.error().message()}});
    }
  });
}

}  // namespace weir::jobmanager
