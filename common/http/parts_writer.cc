#include "common/http/parts_writer.h"

#include <algorithm>

namespace weir::http {

PartsWriter::PartsWriter(std::string path,
                         std::shared_ptr<PartTarget> target,
                         Transfers& transfers,
                         const TransferSettings& settings)
    : path_(std::move(path)),
      target_(std::move(target)),
      transfers_(transfers),
      part_bytes_(settings.part_bytes),
      growth_(std::max<std::uint64_t>(1, settings.part_growth)),
      in_flight_(std::max<std::size_t>(1, settings.in_flight)),
      sending_(std::make_shared<Sending>(transfers.allowance())) {}

PartsWriter::~PartsWriter() {
  if (committed_) {
    return;
  }
  target_->stop();
  static_cast<void>(awaitParts(0));
  target_->abandon();
}

std::uint64_t PartsWriter::leastPart() const {
  constexpr std::uint32_t kPartsOfOneSize = 1000;
  return part_bytes_ * (1 + parts_ / kPartsOfOneSize);
}

void PartsWriter::beginPart() {
  const std::uint64_t least = leastPart();
  const std::uint64_t own = (in_flight_ + 1) * least;
  // Who writes little has small parts, which all go at once.
  const std::uint64_t wanted = std::clamp(bytes_ / in_flight_, least, least * growth_);
  std::unique_lock lock(sending_->mutex);
  if (sending_->memory.add(wanted, own)) {
    length_ = wanted;
    return;
  }
  length_ = least;
  transfers_.await(lock, sending_->changed, [&] {
    return sending_->memory.add(least, own) || sending_->parts == 0;
  });
}

Status PartsWriter::append(std::string_view bytes) {
  if (broken_ || committed_) {
    return Error(ErrorCode::kFailedPrecondition,
                 path_ + (committed_ ? " is already committed" : " has an earlier write error"));
  }
  while (!bytes.empty()) {
    if (length_ == 0) {
      beginPart();
    }
    if (buffer_.size() == length_) {
      if (Status sent = sendPart(); !sent) {
        broken_ = true;
        return std::move(sent).error().during("write " + path_);
      }
      beginPart();
    }
    if (buffer_.size() + bytes.size() > buffer_.capacity()) {
      buffer_.reserve(buffer_.empty() ? std::min<std::size_t>(bytes.size(), length_) : length_);
    }
    const std::size_t taken = std::min<std::size_t>(bytes.size(), length_ - buffer_.size());
    buffer_.append(bytes.substr(0, taken));
    bytes.remove_prefix(taken);
  }
  return ok();
}

Status PartsWriter::sendPart() {
  if (parts_ == 0) {
    WEIR_RETURN_IF_ERROR(target_->begin());
  }
  WEIR_RETURN_IF_ERROR(awaitParts(in_flight_ - 1));
  const std::uint32_t number = parts_++;
  bytes_ += buffer_.size();
  auto part = std::make_shared<std::string>();
  {
    const std::lock_guard lock(sending_->mutex);
    *part = std::exchange(buffer_, std::exchange(sending_->spare, {}));
    ++sending_->parts;
  }
  buffer_.clear();
  transfers_.start([sending = sending_, target = target_, number, held = length_, part] {
    Status sent = withinMemory([&] { return target->putPart(number, *part); });
    const std::lock_guard lock(sending->mutex);
    if (!sent && sending->first_error) {
      sending->first_error = std::move(sent);
    }
    sending->spare = std::move(*part);
    sending->memory.remove(held);
    --sending->parts;
    sending->changed.notify_all();
  });
  return ok();
}

Status PartsWriter::awaitParts(std::size_t most) {
  std::unique_lock lock(sending_->mutex);
  transfers_.await(lock, sending_->changed, [&] { return sending_->parts <= most; });
  return sending_->first_error;
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
  WEIR_RETURN_IF_ERROR(awaitParts(0));
  return target_->publishParts(parts_, bytes_);
}

}  // namespace weir::http
