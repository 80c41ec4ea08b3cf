#include "common/http/parts_writer.h"

#include <algorithm>
#include <utility>

namespace weir::http {

PartsWriter::PartsWriter(std::string path,
                         std::shared_ptr<PartTarget> target,
                         Transfers& transfers,
                         const TransferSettings& settings)
    : path_(std::move(path)),
      target_(std::move(target)),
      transfers_(transfers),
      part_bytes_(settings.part_bytes),
      in_flight_(std::max<std::size_t>(1, settings.in_flight)) {}

PartsWriter::~PartsWriter() {
  if (committed_) {
    return;
  }
  target_->stop();
  static_cast<void>(awaitParts(1));
  target_->abandon();
}

std::uint64_t PartsWriter::partBytes() const {
  constexpr std::uint32_t kPartsOfOneSize = 1000;
  return part_bytes_ * (1 + parts_ / kPartsOfOneSize);
}

Status PartsWriter::append(std::string_view bytes) {
  if (broken_ || committed_) {
    return Error(ErrorCode::kFailedPrecondition,
                 path_ + (committed_ ? " is already committed" : " has an earlier write error"));
  }
  while (!bytes.empty()) {
    if (buffer_.size() == partBytes()) {
      if (Status sent = sendPart(); !sent) {
        broken_ = true;
        return std::move(sent).error().during("write " + path_);
      }
    }
    if (buffer_.size() + bytes.size() > buffer_.capacity()) {
      buffer_.reserve(buffer_.empty() ? std::min<std::size_t>(bytes.size(), partBytes())
                                      : static_cast<std::size_t>(partBytes()));
    }
    const std::size_t taken =
        std::min<std::size_t>(bytes.size(), static_cast<std::size_t>(partBytes()) - buffer_.size());
    buffer_.append(bytes.substr(0, taken));
    bytes.remove_prefix(taken);
  }
  return ok();
}

Status PartsWriter::sendPart() {
  if (parts_ == 0) {
    WEIR_RETURN_IF_ERROR(target_->begin());
  }
  WEIR_RETURN_IF_ERROR(awaitParts(in_flight_));
  const std::uint32_t number = parts_++;
  bytes_ += buffer_.size();
  const auto part = std::make_shared<std::string>(std::exchange(buffer_, std::move(spare_)));
  buffer_.clear();
  sent_.push_back({transfers_.start<Status>(
                       [target = target_, number, part] { return target->putPart(number, *part); }),
                   part});
  return ok();
}

Status PartsWriter::awaitParts(std::size_t most) {
  Status all = ok();
  while (sent_.size() >= std::max<std::size_t>(1, most)) {
    const Status& sent = transfers_.await(sent_.front().done);
    if (!sent && all) {
      all = sent;
    }
    spare_ = std::move(*sent_.front().bytes);
    sent_.pop_front();
  }
  return all;
}

Status PartsWriter::commit() {
  if (broken_ || committed_) {
    return Error(ErrorCode::kFailedPrecondition,
                 path_ + (committed_ ? " is already committed" : " has an earlier write error"));
  }
  Status finished = finish();
  committed_ = finished.has_value();
  broken_ = !committed_;
  return std::move(finished).during("create " + path_);
}

Status PartsWriter::finish() {
  if (parts_ == 0) {
    return target_->publishWhole(buffer_);
  }
  WEIR_RETURN_IF_ERROR(sendPart());  // The last: append() leaves one that is not empty.
  WEIR_RETURN_IF_ERROR(awaitParts(1));
  return target_->publishParts(parts_, bytes_);
}

}  // namespace weir::http
