#include "taskmanager/worker/checkpoint/section_sink.h"

namespace weir::worker {

namespace {
constexpr std::size_t kWriteBytes = 256 * 1024;
}

Status SectionFile::append(std::string_view bytes) {
  if (writer_ == nullptr) {
    WEIR_TRY(writer_, files_.create(path_));
  }
  size_ += bytes.size();
  pending_.append(bytes);
  return pending_.size() >= kWriteBytes ? flush() : ok();
}

Status SectionFile::flush() {
  WEIR_RETURN_IF_ERROR(writer_->append(pending_));
  pending_.clear();
  return ok();
}

Status SectionFile::commit() {
  WEIR_RETURN_IF_ERROR(flush());
  return writer_->commit();
}

Status SectionSink::append(std::string_view bytes) {
  if (unwanted_.load(std::memory_order_relaxed)) {
    return Error(ErrorCode::kCancelled, "the checkpoint was aborted");
  }
  if (in_file_) {
    return file_->append(bytes);
  }
  if (overflowed_) {
    return ok();
  }
  if (bytes_.size() + bytes.size() <= limit_) {
    bytes_.append(bytes);
    return ok();
  }
  if (file_ == nullptr) {
    overflowed_ = true;
    bytes_.clear();
    return ok();
  }
  in_file_ = true;
  offset_ = file_->size();
  WEIR_RETURN_IF_ERROR(file_->append(bytes_));
  bytes_.clear();
  return file_->append(bytes);
}

}  // namespace weir::worker
