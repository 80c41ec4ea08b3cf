#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "common/base/clock.h"
#include "common/concurrency/executor.h"
#include "common/runtime/checkpoint_metadata.h"
#include "common/runtime/messages.h"
#include "jobmanager/blob/blob_store.h"

namespace weir::jobmanager {

/// Counts which snapshots need which blobs of state, and removes those that none needs any more.
///
/// Blobs are named by content, so that equal states share one. A blob that nobody needs stays for a
/// while: a worker may just have been told that it needs not upload it again. One instance serves
/// all jobs. Threads: the strand.
class StateBlobs {
 public:
  StateBlobs(blob::BlobStore& store, concurrency::Executor& strand)
      : store_(store), strand_(strand) {}

  void retain(const runtime::CheckpointAck& ack) { count(ack, 1); }
  void retain(const runtime::CheckpointMetadata& metadata) { count(metadata, 1); }
  void release(const runtime::CheckpointAck& ack) { count(ack, -1); }
  void release(const runtime::CheckpointMetadata& metadata) { count(metadata, -1); }
  /// Removes at once what nobody needs.
  void flush();
  blob::BlobStore& store() { return store_; }

 private:
  static constexpr Duration kGrace = std::chrono::seconds(30);
  using Key = std::pair<std::string, std::uint64_t>;  // SHA-256 and size.

  void count(const runtime::CheckpointAck& ack, std::int64_t by);
  void count(const runtime::CheckpointMetadata& metadata, std::int64_t by);
  void count(const runtime::StateHandle& handle, std::int64_t by);

  blob::BlobStore& store_;                  // Borrowed from the dispatcher's owner.
  concurrency::Executor& strand_;           // Likewise.
  std::map<Key, std::int64_t> references_;  // 0: waits for its removal.
  std::unique_ptr<concurrency::Executor::Timer> sweep_;
};

}  // namespace weir::jobmanager
