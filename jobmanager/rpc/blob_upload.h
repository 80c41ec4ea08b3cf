#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cluster.pb.h"
#include "common/base/result.h"
#include "common/rpc/chunks.h"
#include "jobmanager/blob/blob_store.h"
#include "jobmanager/rpc/blob_transfer.h"

namespace weir::jobmanager {

/// Puts the chunks of one upload together, as a file or as state in memory. Threads: one at a time.
class BlobUpload {
 public:
  BlobUpload(blob::BlobStore& blobs, Transfers::Check check)
      : blobs_(blobs), check_(std::move(check)) {}

  Status add(const v1::Chunk& chunk);
  /// After the last chunk: verifies what came and makes it available.
  Status finish();
  /// Under which it is found after finish().
  const std::string& key() const { return key_.sha256; }

 private:
  Status begin(const v1::Chunk& first);
  Status beginState(const v1::BlobHeader& header);

  blob::BlobStore& blobs_;  // Borrowed from the job manager.
  Transfers::Check check_;
  bool begun_ = false;
  runtime::BlobKey key_;
  JobId job_;  // Of state.
  std::optional<blob::StateStore::Room> room_;
  std::optional<rpc::ChunkReceiver> state_;
  std::unique_ptr<blob::BlobStore::Upload> file_;
};

}  // namespace weir::jobmanager
