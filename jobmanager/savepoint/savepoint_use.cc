#include "jobmanager/savepoint/savepoint_use.h"

#include "common/snapshot/layout.h"

namespace weir::jobmanager {
namespace {

Error inUse(const std::string& path, JobId job) {
  return Error(ErrorCode::kFailedPrecondition,
               "savepoint '" + path + "' is in use: job " + job.hex() + " would recover from it")
      .advise("wait for that job's next checkpoint; when the job is gone, use --force");
}

Error beingTakenUp(const std::string& path, JobId job) {
  return Error(ErrorCode::kUnavailable,
               "savepoint '" + path + "' is of job " + job.hex() +
                   ", which is being taken up again and may need it")
      .advise("try again when its tasks run");
}

Error ownedElsewhere(const std::string& path, const snapshot::InUse& owner) {
  return Error(ErrorCode::kFailedPrecondition,
               "'" + path + "' holds a checkpoint of job " + owner.job.hex() +
                   ", which runs in another cluster (process '" + owner.holder + "')")
      .advise("its job removes it; when that cluster is gone, use --force");
}

}  // namespace

Status SavepointUse::mayDispose(const std::string& path, const std::set<JobId>& users, bool force) {
  return users.empty() || force ? ok() : Status(inUse(path, *users.begin()));
}

Status SavepointUse::mayDispose(const Removal& removal, bool force) const {
  const std::string& directory = removal.directory;
  const runtime::CheckpointMetadata& metadata = removal.metadata;
  if (owners_.isReading(metadata.job)) {
    return beingTakenUp(directory, metadata.job);
  }
  for (const snapshot::InUse& user : removal.users) {
    // That which took it and runs here keeps the data for as long as it needs it.
    const bool keeps = user.job == metadata.job && owners_.isRunning(user.job);
    if (!keeps && !isGone(user) && !force) {
      return inUse(directory, user.job);
    }
  }
  if (removal.owners_decide && !force) {
    for (const snapshot::InUse& owner : removal.owners) {
      if (!owners_.isRunning(owner.job) && !isGone(owner)) {
        return ownedElsewhere(directory, owner);
      }
    }
  }
  if (!snapshot::isCheckpointDirectory(directory)) {
    return ok();
  }
  if (metadata.savepoint && !force) {
    return Error(ErrorCode::kInvalidArgument, "'" + directory + "' holds the state of a savepoint")
        .advise(
            "dispose the savepoint itself (`weir savepoint list` shows it); when there is none, "
            "use "
            "--force");
  }
  if (owners_.ownsCheckpoint(metadata.job, metadata.checkpoint)) {
    return Error(ErrorCode::kFailedPrecondition,
                 "'" + directory + "' is a checkpoint of job " + metadata.job.hex() +
                     ", which has not ended")
        .advise("its job removes it");
  }
  return ok();
}

}  // namespace weir::jobmanager
