#include "jobmanager/checkpoint/left_savepoints.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "common/snapshot/layout.h"
#include "jobmanager/checkpoint/pending_checkpoint.h"

namespace weir::jobmanager {
namespace {

ha::BegunSavepoint& begunIn(ha::JobCheckpoints& stored, CheckpointId id) {
  return *std::find_if(
      stored.begun.begin(), stored.begun.end(), [id](const auto& one) { return one.id == id; });
}

/// What falls out is discarded, unless a savepoint holds it.
void retain(ha::JobCheckpoints& stored, ha::CheckpointPointer pointer, std::size_t most) {
  const auto place = std::find_if(stored.retained.begin(),
                                  stored.retained.end(),
                                  [&](const auto& one) { return one.id > pointer.id; });
  stored.retained.insert(place, std::move(pointer));
  while (stored.retained.size() > most) {
    const CheckpointId oldest = stored.retained.front().id;
    if (std::ranges::find(stored.pinned, oldest) == stored.pinned.end()) {
      stored.discards.push_back(oldest);
    }
    stored.retained.erase(stored.retained.begin());
  }
}

}  // namespace

std::vector<ha::BegunSavepoint> unsettledIn(const ha::JobCheckpoints& stored) {
  std::vector<ha::BegunSavepoint> unsettled;
  std::ranges::copy_if(
      stored.begun, std::back_inserter(unsettled), [](const auto& one) { return !one.result; });
  return unsettled;
}

Result<runtime::SavepointResult> completeLeft(ha::JobCheckpoints& stored,
                                              const ha::BegunSavepoint& savepoint,
                                              const snapshot::Opened& whole,
                                              const LeftSavepointJob& job) {
  const runtime::CheckpointMetadata& metadata = whole.metadata;
  runtime::SavepointResult result;
  result.path = whole.path;
  result.points_to = metadata.data_directory.empty() ? whole.path : metadata.data_directory;
  result.checkpoint = savepoint.id;
  result.bytes = metadata.bytes();
  result.warnings = uidWarnings(metadata, job.graph);
  begunIn(stored, savepoint.id).result = result;
  if (!job.directory.empty()) {
    stored.pinned.push_back(savepoint.id);
    std::ranges::sort(stored.pinned);
    if (!stored.result) {
      retain(stored,
             {savepoint.id, true, snapshot::checkpointDirectory(job.directory, savepoint.id)},
             job.retained);
    }
  }
  if (savepoint.stop == runtime::StopMode::kNone) {
    return result;
  }
  const bool latest = !stored.retained.empty() && stored.retained.back().id == savepoint.id;
  if (stored.result || !latest) {
    return Error(ErrorCode::kUnavailable,
                 "savepoint " + result.path + " is complete, but the job did not stop with it")
        .advise("stop the job again");
  }
  stored.stopped = ha::StoppedJob{savepoint.operation, result};
  return result;
}

void cutLeft(ha::JobCheckpoints& stored, CheckpointId savepoint) {
  begunIn(stored, savepoint).path.clear();
}

void leaveLeft(ha::JobCheckpoints& stored, CheckpointId savepoint) {
  ha::BegunSavepoint& one = begunIn(stored, savepoint);
  one.stop = runtime::StopMode::kNone;
  one.cancel_job = false;
}

}  // namespace weir::jobmanager
