#include "jobmanager/rpc/blob_transfer.h"

#include <algorithm>

#include "cluster.grpc.pb.h"
#include "common/rpc/chunks.h"
#include "common/wire/deployment.h"

namespace weir::jobmanager {
namespace {

Status receiveState(blob::BlobStore& blobs,
                    const runtime::BlobKey& key,
                    v1::Chunk chunk,
                    grpc::ServerReader<v1::Chunk>& stream) {
  rpc::ChunkReceiver receiver(std::min(key.size, kMaxStateBlobBytes));
  do {
    WEIR_RETURN_IF_ERROR(receiver.add(chunk.data()));
  } while (stream.Read(&chunk));
  WEIR_TRY(auto bytes, std::move(receiver).finish(key.size, key.sha256));
  blobs.putState(std::move(bytes));
  return ok();
}

Status receiveFile(blob::BlobStore& blobs,
                   const runtime::BlobKey& key,
                   v1::Chunk chunk,
                   grpc::ServerReader<v1::Chunk>& stream) {
  WEIR_TRY(auto upload, blobs.put(key));
  do {
    WEIR_RETURN_IF_ERROR(upload->append(chunk.data()));
  } while (stream.Read(&chunk));
  return upload->finish();
}

}  // namespace

Status receiveBlob(blob::BlobStore& blobs,
                   v1::Chunk first,
                   grpc::ServerReader<v1::Chunk>& stream,
                   v1::PutBlobReply& reply) {
  if (!first.has_header()) {
    return Error(ErrorCode::kInvalidArgument, "an upload begins without a header");
  }
  WEIR_TRY(const auto key, wire::fromProto(first.header().blob()));
  const bool state = first.header().state();
  WEIR_RETURN_IF_ERROR(state ? receiveState(blobs, key, std::move(first), stream)
                             : receiveFile(blobs, key, std::move(first), stream));
  reply.set_key(key.sha256);
  return ok();
}

Status sendBlob(blob::BlobStore& blobs,
                const v1::GetBlobRequest& request,
                grpc::ServerWriter<v1::Chunk>& stream) {
  WEIR_TRY(const auto reader, blobs.open(request.key()));
  const std::uint64_t size = reader->size();
  const std::uint64_t length = request.length();
  if (request.offset() > size || length > size - request.offset()) {
    return Error(ErrorCode::kInvalidArgument,
                 "blob " + request.key() + " has " + std::to_string(size) +
                     " bytes and not those asked for");
  }
  std::uint64_t at = request.offset();
  const std::uint64_t end = length == 0 ? size : at + length;
  v1::Chunk chunk;
  do {
    const std::uint64_t step = std::min<std::uint64_t>(rpc::kChunkBytes, end - at);
    WEIR_TRY(*chunk.mutable_data(), reader->read(at, step));
    if (!stream.Write(chunk)) {
      return Error(ErrorCode::kUnavailable, "the receiver of blob " + request.key() + " went away");
    }
    at += step;
  } while (at < end);
  return ok();
}

}  // namespace weir::jobmanager
