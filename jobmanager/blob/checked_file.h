#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/fs/digest.h"
#include "common/fs/file_system.h"

namespace weir::blob {

/// What helps against files that others have deleted or changed.
inline constexpr std::string_view kSubmitAgain =
    "submit the program again, which uploads what is missing; something removes or changes files "
    "below that directory (blob.storage.directory), for instance a cleaner of temporary files";

/// A file that is named by its content, which is compared with its name by who reads all of it in
/// order. Threads: any.
class CheckedFile final : public fs::FileReader {
 public:
  /// Hears, perhaps repeatedly, that the file is damaged and why, within read().
  using Damaged = std::function<void(std::string_view why)>;

  /// `directory` is where it lies, for messages.
  CheckedFile(std::string sha256,
              std::string directory,
              std::unique_ptr<fs::FileReader> file,
              Damaged damaged);

  std::uint64_t size() const override { return file_->size(); }
  /// kCorruption also at the last read of a file whose content is another's.
  Result<std::string> read(std::uint64_t offset, std::uint64_t length) const override;

 private:
  const std::string sha256_;
  const std::string directory_;
  const std::unique_ptr<fs::FileReader> file_;
  const Damaged damaged_;
  mutable std::mutex mutex_;
  mutable fs::Sha256 digest_;  // Of the first bytes, up to `digested_`.
  mutable std::uint64_t digested_ = 0;
};

}  // namespace weir::blob
