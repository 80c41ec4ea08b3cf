#include "common/hdfs/hdfs_upload.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/fs/temporary_name.h"

namespace weir::hdfs {

HdfsUpload::HdfsUpload(std::shared_ptr<WebHdfs> hdfs,
                       std::string path,
                       std::string temporary,
                       std::string directory)
    : hdfs_(std::move(hdfs)),
      path_(std::move(path)),
      temporary_(std::move(temporary)),
      directory_(std::move(directory)) {}

std::string HdfsUpload::partPath(std::uint32_t number) const {
  return number == 0 ? temporary_ : fs::temporaryPart(temporary_, number);
}

Status HdfsUpload::putPart(std::uint32_t number, std::string_view bytes) {
  std::uint32_t most = parts_.load();
  while (most <= number && !parts_.compare_exchange_weak(most, number + 1)) {
  }
  return hdfs_->write(partPath(number), bytes, &stop_);
}

Status HdfsUpload::publishWhole(std::string_view bytes) {
  WEIR_RETURN_IF_ERROR(putPart(0, bytes));
  return publish(bytes.size());
}

Status HdfsUpload::publishParts(std::uint32_t parts, std::uint64_t bytes) {
  std::vector<std::string> others;
  for (std::uint32_t number = 1; number < parts; ++number) {
    others.push_back(partPath(number));
  }
  // URLs have a bound, and so has what one of them can name.
  constexpr std::size_t kMostBytes = 4000;
  const std::size_t at_once = std::max<std::size_t>(1, kMostBytes / (temporary_.size() + 8));
  for (std::size_t from = 0; from < others.size(); from += at_once) {
    const std::vector<std::string> some(
        others.begin() + static_cast<std::ptrdiff_t>(from),
        others.begin() + static_cast<std::ptrdiff_t>(std::min(from + at_once, others.size())));
    Status joined = hdfs_->concat(temporary_, some);
    // When an answer was lost, the repeated request finds no sources: publish() sees to the length.
    if (!joined &&
        (joined.error().code() != ErrorCode::kNotFound || hdfs_->status(some.back()).has_value())) {
      return std::move(joined).during("put its parts together");
    }
  }
  return publish(bytes);
}

Status HdfsUpload::publish(std::uint64_t bytes) {
  WEIR_TRY(const FileStatus written, hdfs_->status(temporary_));
  if (written.length != bytes) {
    return Error(
        ErrorCode::kCorruption,
        "HDFS keeps " + std::to_string(written.length) + " bytes of " + std::to_string(bytes));
  }
  Status renamed = rename(written);
  if (renamed && !directory_.empty()) {
    // What stays is hidden and empty, and goes with the next removal.
    static_cast<void>(hdfs_->remove(directory_, false));
  }
  return renamed;
}

Status HdfsUpload::rename(const FileStatus& written) {
  Status renamed = hdfs_->rename(temporary_, path_);
  if (renamed) {
    return ok();
  }
  // When an answer was lost, the repeated request meets its own work.
  const auto there = hdfs_->status(path_);
  if (there && there->id == written.id && written.id != 0) {
    return ok();
  }
  if (there || renamed.error().code() == ErrorCode::kFailedPrecondition) {
    return Error(ErrorCode::kFailedPrecondition, "the file exists already");
  }
  return renamed;
}

void HdfsUpload::abandon() {
  for (std::uint32_t number = 0; number < parts_.load(); ++number) {
    // What stays is hidden, and goes with its directory.
    static_cast<void>(hdfs_->remove(partPath(number), false));
  }
  if (!directory_.empty()) {
    static_cast<void>(hdfs_->remove(directory_, false));
  }
}

}  // namespace weir::hdfs
