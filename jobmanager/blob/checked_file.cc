#include "jobmanager/blob/checked_file.h"

#include <utility>

namespace weir::blob {

CheckedFile::CheckedFile(std::string sha256,
                         std::string directory,
                         std::unique_ptr<fs::FileReader> file,
                         Damaged damaged)
    : sha256_(std::move(sha256)),
      directory_(std::move(directory)),
      file_(std::move(file)),
      damaged_(std::move(damaged)) {}

Result<std::string> CheckedFile::read(std::uint64_t offset, std::uint64_t length) const {
  auto bytes = file_->read(offset, length);
  if (!bytes.has_value()) {
    if (bytes.error().code() == ErrorCode::kCorruption) {
      damaged_(bytes.error().message());
      return Error(bytes.error()).advise(std::string(kSubmitAgain));
    }
    return bytes;
  }
  {
    const std::lock_guard lock(mutex_);
    if (offset != digested_) {
      return bytes;
    }
    digest_.update(*bytes);
    digested_ += bytes->size();
    if (digested_ != size() || bytes->empty() || digest_.finish() == sha256_) {
      return bytes;
    }
  }
  damaged_("its content is another's");
  return Error(ErrorCode::kCorruption, "blob " + sha256_ + " has been changed in " + directory_)
      .advise(std::string(kSubmitAgain));
}

}  // namespace weir::blob
