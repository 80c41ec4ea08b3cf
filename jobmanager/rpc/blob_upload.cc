#include "jobmanager/rpc/blob_upload.h"

#include <algorithm>
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
    state_.emplace(std::min(key_.size, kMaxStateBlobBytes));
  } else {
    WEIR_TRY(file_, blobs_.put(key_));
  }
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
  blobs_.putState(std::move(bytes));
  return ok();
}

}  // namespace weir::jobmanager
