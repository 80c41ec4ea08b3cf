#include "jobmanager/scheduler/job_savepoints.h"

#include <cstddef>
#include <memory>
#include <utility>

#include "common/base/crash_point.h"
#include "common/snapshot/layout.h"
#include "common/telemetry/log.h"

namespace weir::jobmanager {

Status JobSavepoints::mayTake(const runtime::SavepointRequest& request) const {
  if (!states_.graph().graph().checkpoints.enabled) {
    return Error(ErrorCode::kFailedPrecondition, "checkpointing is disabled")
        .advise("enable it in the program with enableCheckpointing()");
  }
  if (states_.job() != runtime::JobState::kRunning || !coordinator_.running()) {
    return Error(ErrorCode::kFailedPrecondition,
                 "its tasks are not all running (the job is " +
                     std::string(toString(states_.job())) + ")")
        .advise("try again when they are");
  }
  return store_.mayKeepIn(request.directory);
}

void JobSavepoints::take(const runtime::SavepointRequest& request,
                         SnapshotCheck check,
                         std::function<void(const runtime::SavepointProgress&)> progress,
                         Callback<runtime::SavepointResult> done) {
  if (Status may = mayTake(request); !may) {
    done(std::move(may).error());
    return;
  }
  log::info("savepoint triggered",
            {{"job", job_.hex()},
             {"directory", request.directory},
             {"cancel", request.cancel_job ? "afterwards" : ""},
             {"stop", toString(request.stop)}});
  const std::string place = store_.placeIn(request.directory);
  coordinator_.takeSavepoint(
      {.operation = request.operation,
       .path = place,
       .stop = request.stop,
       .cancel_job = request.cancel_job,
       .keep =
           [this, place, check = std::move(check)](const runtime::CheckpointMetadata& metadata,
                                                   Callback<KeptSavepoint> kept) {
             if (Status fits = check ? check(metadata) : ok(); !fits) {
               kept(std::move(fits).error());
               return;
             }
             keep(place, metadata, std::move(kept));
           },
       .progress = std::move(progress),
       .done = std::move(done)});
}

void JobSavepoints::keep(const std::string& place,
                         const runtime::CheckpointMetadata& metadata,
                         Callback<KeptSavepoint> kept) {
  store_.keep(
      place,
      metadata,
      coordinator_.program(),
      [this, alive = std::weak_ptr<bool>(alive_), id = metadata.checkpoint, kept = std::move(kept)](
          Result<KeptSavepoint> result) {
        if (alive.expired()) {
          return;
        }
        if (result && !snapshot::isHeapSavepoint(result->result.path)) {
          remember(id, result->result.path);
        }
        kept(std::move(result));
      });
}

void JobSavepoints::markRestored(const SavepointStore::Opened& savepoint,
                                 std::function<void()> done) {
  remember(savepoint.metadata.checkpoint, savepoint.path);
  store_.markInUse(savepoint, job_, [alive = std::weak_ptr<bool>(alive_), done = std::move(done)] {
    if (!alive.expired()) {
      done();
    }
  });
}

void JobSavepoints::resume(const std::vector<ha::MarkedSavepoint>& marks) {
  for (const ha::MarkedSavepoint& one : marks) {
    remember(one.id, one.path);
  }
}

void JobSavepoints::remember(CheckpointId id, const std::string& path) {
  marked_.insert_or_assign(id, path);
  coordinator_.storedCheckpoints().marked(id, path);
}

void JobSavepoints::checkpointCompleted() {
  const CompletedCheckpoint* latest = coordinator_.latest();
  std::erase_if(marked_, [&](const auto& one) {
    const bool outdated = latest != nullptr && one.first != latest->metadata.checkpoint;
    if (outdated) {
      crashPoint("restore.checkpointed");
      store_.releaseInUse(
          one.second, job_, [this, alive = std::weak_ptr<bool>(alive_), id = one.first] {
            if (!alive.expired()) {
              coordinator_.storedCheckpoints().unmarked(id);
            }
          });
    }
    return outdated;
  });
}

void JobSavepoints::release(std::function<void()> done) {
  const std::map<CheckpointId, std::string> marked = std::exchange(marked_, {});
  if (marked.empty()) {
    done();
    return;
  }
  auto left = std::make_shared<std::size_t>(marked.size());  // With the answers.
  for (const auto& [id, path] : marked) {
    store_.releaseInUse(path, job_, [alive = std::weak_ptr<bool>(alive_), left, done] {
      if (--*left == 0 && !alive.expired()) {
        done();
      }
    });
  }
}

}  // namespace weir::jobmanager
