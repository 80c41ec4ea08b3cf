#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/base/random.h"
#include "common/base/result.h"
#include "common/runtime/checkpoint_metadata.h"
#include "common/runtime/client_messages.h"
#include "common/runtime/deployment.h"
#include "jobmanager/blob/blob_store.h"
#include "jobmanager/savepoint/heap_room.h"

namespace weir::jobmanager {

/// A savepoint on the heap of the job manager.
struct HeapSavepoint {
  runtime::CheckpointMetadata metadata;
  HeapShare share;
  /// Null unless it must discard state handles. Shared with its job and its disposal.
  std::shared_ptr<const runtime::JobProgram> program;
  JobId keeper;  ///< Holds the program's files in the blob store.
};

/// The savepoints of all jobs that are on the heap of the job manager, and lost with it. They keep
/// their room, and the files of their programs, from keep() to forget(). Threads: the strand.
class HeapSavepoints {
 public:
  /// `blobs` and `random` outlive this; `limit` is what all may hold together, in bytes.
  HeapSavepoints(blob::BlobStore& blobs, Random& random, std::uint64_t limit)
      : blobs_(blobs), random_(random), room_(limit) {}

  /// Returns the path. kResourceExhausted when the heap would hold more than its limit. `program`
  /// may be null.
  Result<std::string> keep(const runtime::CheckpointMetadata& metadata,
                           std::shared_ptr<const runtime::JobProgram> program);
  /// nullptr when there is none.
  const HeapSavepoint* find(const std::string& path) const;
  /// Out of what find() and list() know; forget() it in the end. Nothing when there is none.
  std::optional<HeapSavepoint> take(const std::string& path);
  std::map<std::string, HeapSavepoint> takeAll();
  void forget(const HeapSavepoint& taken);
  std::vector<runtime::SavepointInfo> list() const;

 private:
  blob::BlobStore& blobs_;  // Borrowed from the dispatcher's owner, like `random_`.
  Random& random_;
  HeapRoom room_;
  std::uint64_t number_ = 0;
  std::map<std::string, HeapSavepoint> savepoints_;  // By path.
};

Error unknownHeapSavepoint(const std::string& path);

}  // namespace weir::jobmanager
