#include "jobmanager/checkpoint/checkpoint_retention.h"

#include <algorithm>
#include <utility>

#include "common/telemetry/log.h"

namespace weir::jobmanager {

CheckpointRetention::CheckpointRetention(const CheckpointServices& services,
                                         const graph::JobGraph& graph,
                                         FileWork& files,
                                         CheckpointedTasks& tasks,
                                         CheckpointRemoval::Setup setup,
                                         std::size_t retained,
                                         std::function<void()> ended)
    : files_(files),
      job_(setup.job),
      store_(retained),
      stored_(store_, tasks),
      removal_(services, graph, files, setup, std::move(ended)),
      shared_(services.files, files, std::move(setup.directory)) {}

void CheckpointRetention::resume(const ha::JobCheckpoints& stored,
                                 std::vector<CompletedCheckpoint> retained) {
  removal_.resumed();
  left_ = LeftCheckpoints::of(stored);
  complete_.insert(stored.pinned.begin(), stored.pinned.end());
  complete_.insert(stored.discards.begin(), stored.discards.end());
  for (const ha::BegunSavepoint& one : stored.begun) {
    if (!one.result) {
      stored_.begin(one);
    }
  }
  stored_.resume(stored.next, stored.stopped);
  for (const CheckpointId id : stored.pinned) {
    stored_.continueAfter(id);
    store_.pin(id);
  }
  if (stored.result) {
    for (const ha::CheckpointPointer& one : stored.retained) {
      store_.pin(one.id);
    }
  }
  for (CompletedCheckpoint& one : retained) {
    stored_.continueAfter(one.metadata.checkpoint);
    shared_.resume(one.metadata);
    static_cast<void>(store_.add(std::move(one), false));  // They were retained before.
  }
  for (const CheckpointId id : stored.discards) {
    stored_.discarding(id);
    removal_.resumeDiscard(id, [this, id] { stored_.discarded(id); });
  }
}

std::vector<CheckpointId> CheckpointRetention::abortLeft() {
  constexpr std::uint64_t kMost = 4 * ha::JobCheckpoints::kReserved;
  std::vector<CheckpointId> ids;
  if (left_) {
    adopted_ = true;
    const std::uint64_t end = left_->before.value();
    CheckpointId id = std::max(left_->after.next(), CheckpointId(end - std::min(end - 1, kMost)));
    for (; id < left_->before; id = id.next()) {
      if (complete_.contains(id)) {
        continue;
      }
      if (!left_->known.contains(id)) {
        removal_.aborted(id, {}, [this, id] { stored_.drop(id); });
      }
      ids.push_back(id);
    }
  }
  return ids;
}

void CheckpointRetention::attemptEnded() {
  adopted_ = false;
  removal_.attemptEnded();
}

void CheckpointRetention::discardLeft() {
  if (left_ && !adopted_) {
    removal_.discardLeft(*std::exchange(left_, std::nullopt),
                         [this](CheckpointId savepoint) { stored_.drop(savepoint); });
  }
}

void CheckpointRetention::discard(CompletedCheckpoint checkpoint) {
  const CheckpointId id = checkpoint.metadata.checkpoint;
  stored_.discarding(id);
  shared_.release(id);
  removal_.discard(std::move(checkpoint), [this, id] { stored_.discarded(id); });
}

bool CheckpointRetention::releaseSavepoint(CheckpointId id) {
  removal_.disown(id);
  stored_.released(id);
  const bool needed = store_.unpin(id);
  if (!ended_) {
    stored_.write({}, [](const Status&) {});  // Who writes tells of failures.
  }
  return needed;
}

void CheckpointRetention::end(bool keep_latest, std::function<void()> done) {
  ended_ = true;
  discardLeft();
  files_.whenIdle([this, keep_latest, done = std::move(done)] {
    auto kept = store_.pinnedIds();
    if (keep_latest && store_.latest() != nullptr) {
      kept.insert(store_.latest()->metadata.checkpoint);
      log::info("the last checkpoint of the failed job stays",
                {{"job", job_.hex()}, {"path", store_.latest()->directory}});
    }
    for (CompletedCheckpoint& old : store_.drain(keep_latest)) {
      discard(std::move(old));
    }
    removal_.end(std::move(kept), done);
  });
}

}  // namespace weir::jobmanager
