#include "taskmanager/worker/checkpoint/sent_descriptions.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/snapshot/state_description.h"

namespace weir::worker {
namespace {

constexpr std::size_t kSentCheckpoints = 64;  // As many may be pending, and more.

}  // namespace

void SentDescriptions::shorten(runtime::CheckpointAck& ack) {
  if (!kept_) {
    return;
  }
  for (runtime::OperatorSnapshot& one : ack.operators) {
    if (!one.states.empty()) {
      one.description = snapshot::descriptionOf(one.states);
    }
  }
  const std::lock_guard lock(mutex_);
  Hashes& sent = sent_[ack.checkpoint];
  for (runtime::OperatorSnapshot& one : ack.operators) {
    const Owner owner{ack.task, one.id};
    const auto known = known_.find(owner);
    if (known != known_.end() && known->second == one.description) {
      for (const runtime::SavedState& state : one.states) {
        one.amounts.push_back({state.entries, state.bytes});
      }
      one.states.clear();
    }
    if (one.description != 0) {
      sent[owner] = one.description;
    }
  }
  while (sent_.size() > kSentCheckpoints) {
    sent_.erase(sent_.begin());
  }
}

void SentDescriptions::completed(CheckpointId checkpoint) {
  const std::lock_guard lock(mutex_);
  if (const auto found = sent_.find(checkpoint); found != sent_.end()) {
    for (const auto& [owner, hash] : found->second) {
      known_[owner] = hash;
    }
    sent_.erase(found);
  }
}

/// It may have been aborted for a hash that the job manager does not know.
void SentDescriptions::aborted(CheckpointId checkpoint) {
  const std::lock_guard lock(mutex_);
  if (const auto found = sent_.find(checkpoint); found != sent_.end()) {
    for (const auto& [owner, hash] : found->second) {
      known_.erase(owner);
    }
    sent_.erase(found);
  }
}

}  // namespace weir::worker
