#pragma once

#include <grpcpp/support/sync_stream.h>

#include "cluster.pb.h"
#include "common/base/result.h"
#include "jobmanager/blob/blob_store.h"

namespace weir::jobmanager {

/// State that is kept in memory is at most this big in one piece.
inline constexpr std::uint64_t kMaxStateBlobBytes = 256 << 20;

/// Takes an upload, whose first chunk `first` was read, to its end.
Status receiveBlob(blob::BlobStore& blobs,
                   v1::Chunk first,
                   grpc::ServerReader<v1::Chunk>& stream,
                   v1::PutBlobReply& reply);

/// Sends the range that `request` names.
Status sendBlob(blob::BlobStore& blobs,
                const v1::GetBlobRequest& request,
                grpc::ServerWriter<v1::Chunk>& stream);

}  // namespace weir::jobmanager
