#include "taskmanager/worker/checkpoint/sent_descriptions.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/record/checksum.h"

namespace weir::worker {
namespace {

constexpr std::size_t kSentCheckpoints = 64;  // As many may be pending, and more.

void addPart(record::Checksum& sum, std::string_view part) {
  sum.add(std::to_string(part.size()) + ":");
  sum.add(part);
}

/// Of all that is the same in the next snapshot; never 0.
std::uint64_t hashOf(const std::vector<runtime::SavedState>& states) {
  record::Checksum sum;
  for (const runtime::SavedState& one : states) {
    addPart(sum, one.name);
    addPart(sum, record::encodeSchema(one.key));
    addPart(sum, record::encodeSchema(one.value));
    addPart(sum,
            std::to_string(static_cast<unsigned>(one.kind)) + " " +
                std::to_string(static_cast<unsigned>(one.mode)) +
                (one.declared_late ? " late" : ""));
  }
  return std::max<std::uint64_t>(sum.value(), 1);
}

}  // namespace

void SentDescriptions::shorten(runtime::CheckpointAck& ack) {
  if (!kept_) {
    return;
  }
  for (runtime::OperatorSnapshot& one : ack.operators) {
    if (!one.states.empty()) {
      one.description = hashOf(one.states);
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
