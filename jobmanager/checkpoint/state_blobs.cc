#include "jobmanager/checkpoint/state_blobs.h"

namespace weir::jobmanager {

void StateBlobs::count(const runtime::CheckpointAck& ack, std::int64_t by) {
  for (const runtime::OperatorSnapshot& one : ack.operators) {
    count(one.handle, by);
  }
}

void StateBlobs::count(const runtime::CheckpointMetadata& metadata, std::int64_t by) {
  for (const runtime::OperatorState& one : metadata.operators) {
    for (const runtime::SubtaskState& subtask : one.subtasks) {
      count(subtask.handle, by);
    }
  }
}

void StateBlobs::count(const runtime::StateHandle& handle, std::int64_t by) {
  if (handle.storage != runtime::StateHandle::Storage::kBlob) {
    return;
  }
  std::int64_t& references = references_[{handle.location, handle.size}];
  references += by;
  if (references == 0 && sweep_ == nullptr) {
    sweep_ = strand_.schedule(kGrace, [this] { flush(); });
  }
}

void StateBlobs::flush() {
  sweep_.reset();
  std::erase_if(references_, [&](const auto& one) {
    if (one.second > 0) {
      return false;
    }
    store_.removeState({one.first.first, one.first.second});
    return true;
  });
}

}  // namespace weir::jobmanager
