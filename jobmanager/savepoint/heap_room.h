#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/runtime/checkpoint_metadata.h"
#include "common/runtime/deployment.h"

namespace weir::jobmanager {

/// What one savepoint keeps on the job manager.
struct HeapShare {
  std::uint64_t bytes = 0;  ///< State in blobs, and the metadata with what stands in it.
  /// The program that discards its state handles: its files and its description.
  std::vector<runtime::BlobKey> program;
};

/// `program` may be null.
HeapShare heapShareOf(const runtime::CheckpointMetadata& metadata,
                      const runtime::JobProgram* program);

/// Counts what all savepoints on the job manager keep there together, what several share once.
/// Threads: the strand.
class HeapRoom {
 public:
  explicit HeapRoom(std::uint64_t limit) : limit_(limit) {}

  /// kResourceExhausted, with all sizes, when it does not fit.
  Status take(const HeapShare& share);
  void giveBack(const HeapShare& share);
  std::uint64_t bytes() const { return bytes_; }

 private:
  struct Shared {
    std::uint64_t size = 0;
    std::size_t users = 0;
  };

  const std::uint64_t limit_;
  std::uint64_t bytes_ = 0;
  std::map<std::string, Shared> programs_;  // By SHA-256.
};

}  // namespace weir::jobmanager
