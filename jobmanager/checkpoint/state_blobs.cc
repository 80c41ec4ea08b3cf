#include "jobmanager/checkpoint/state_blobs.h"

namespace weir::jobmanager {
namespace {

void add(blob::StateShare& share, const runtime::SectionHandle& handle) {
  if (handle.storage == runtime::SectionHandle::Storage::kBlob) {
    share.blobs.push_back({handle.location, handle.size});
  } else if (handle.storage == runtime::SectionHandle::Storage::kInline) {
    share.inline_bytes += handle.bytes.size();
  }
}

blob::StateShare shareOf(const runtime::CheckpointAck& ack) {
  blob::StateShare share;
  for (const runtime::OperatorSnapshot& one : ack.operators) {
    add(share, one.handle);
  }
  return share;
}

}  // namespace

Status StateBlobs::retain(JobId job, const runtime::CheckpointAck& ack) {
  return store_.state().claim(job, shareOf(ack));
}

Result<blob::StateShare> StateBlobs::holdUploads(JobId job, const runtime::CheckpointAck& ack) {
  blob::StateShare share = shareOf(ack);
  share.inline_bytes = 0;
  WEIR_RETURN_IF_ERROR(store_.state().claim(job, share));
  return share;
}

void StateBlobs::release(const blob::StateShare& share) { store_.state().release(share); }

void StateBlobs::release(const runtime::CheckpointAck& ack) { release(shareOf(ack)); }

void StateBlobs::release(const runtime::CheckpointMetadata& metadata) {
  if (!metadata.data_directory.empty()) {
    return;
  }
  blob::StateShare share;
  for (const runtime::SavedOperator& one : metadata.operators) {
    for (const runtime::SubtaskState& subtask : one.subtasks) {
      add(share, subtask.handle);
    }
  }
  release(share);
}

}  // namespace weir::jobmanager
