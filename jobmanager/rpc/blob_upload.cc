#include "jobmanager/rpc/blob_upload.h"

#include <utility>

#include "common/wire/deployment.h"

namespace weir::jobmanager {

Status BlobUpload::begin(const v1::Chunk& first) {
  if (check_) {
    WEIR_RETURN_IF_ERROR(check_(first));
  }
  if (!first.has_header()) {
    return Error(ErrorCode::kInvalidArgument, "an upload begins without a header");
  }
  WEIR_TRY(key_, wire::fromProto(first.header().blob()));
  if (first.header().state()) {
    WEIR_RETURN_IF_ERROR(beginState(first.header()));
  } else {
    WEIR_TRY(file_, blobs_.put(key_));
  }
  return ok();
}

/// Room is taken before anything comes, so that uploads on their way are bounded, too.
Status BlobUpload::beginState(const v1::BlobHeader& header) {
  WEIR_TRY(job_, JobId::fromBytes(header.job()).during("the job of uploaded state"));
  if (key_.size > kMaxStateBlobBytes) {
    return Error(ErrorCode::kResourceExhausted,
                 std::to_string(key_.size) + " bytes of state of job " + job_.hex() +
                     " are more than the " + std::to_string(kMaxStateBlobBytes) +
                     " that the job manager takes in one piece")
        .advise("set state.backend: filesystem");
  }
  WEIR_TRY(auto room, blobs_.state().reserve(job_, key_.size));
  room_.emplace(std::move(room));
  state_.emplace(key_.size);
  return ok();
}

Status BlobUpload::add(const v1::Chunk& chunk) {
  if (!std::exchange(begun_, true)) {
    WEIR_RETURN_IF_ERROR(begin(chunk));
  }
  return state_ ? state_->add(chunk.data()) : file_->append(chunk.data());
}

Status BlobUpload::finish() {
  if (!begun_) {
    return Error(ErrorCode::kInvalidArgument, "an upload has no chunk");
  }
  if (!state_) {
    return file_->finish();
  }
  WEIR_TRY(auto bytes, std::move(*state_).finish(key_.size, key_.sha256));
  blobs_.state().put(job_, std::move(bytes), *std::move(room_));
  return ok();
}

}  // namespace weir::jobmanager
