#pragma once

#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/runtime/checkpoint_metadata.h"
#include "common/runtime/messages.h"
#include "jobmanager/blob/blob_store.h"

namespace weir::jobmanager {

/// Claims what snapshots hold of the state on the job manager, and lets it go with them.
///
/// A snapshot holds what its acknowledgements held, so that these are released or it is, never
/// both. Only for snapshots whose state lies on the job manager: of another, what is released is
/// nothing. One instance serves all jobs. Threads: the strand.
class StateBlobs {
 public:
  explicit StateBlobs(blob::BlobStore& store) : store_(store) {}

  /// As StateStore::claim(): all that `ack` brings or nothing of it.
  Status retain(JobId job, const runtime::CheckpointAck& ack);
  /// The same without what stands in `ack` itself: of one that nobody wants, to be released soon.
  Result<blob::StateShare> holdUploads(JobId job, const runtime::CheckpointAck& ack);
  void release(const blob::StateShare& share);
  void release(const runtime::CheckpointAck& ack);
  void release(const runtime::CheckpointMetadata& metadata);
  blob::BlobStore& store() { return store_; }

 private:
  blob::BlobStore& store_;  // Borrowed from the dispatcher's owner.
};

}  // namespace weir::jobmanager
