#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/base/random.h"
#include "common/base/result.h"
#include "common/daemon/owned_directory.h"

namespace weir::blob {

/// The directory of one running job manager's blobs, `<parent>/weir-jobmanager-blobs-<hex>`: an
/// owned directory. Belongs to one thread, except for restore().
class BlobDirectory {
 public:
  /// Makes the directory in `parent`, which exists. Errors name it.
  static Result<std::unique_ptr<BlobDirectory>> create(const std::string& parent, Random& random);

  const std::string& path() const { return owned_->path(); }
  /// As of OwnedDirectory.
  Status restore() { return owned_->restore(); }

 private:
  explicit BlobDirectory(std::unique_ptr<daemon::OwnedDirectory> owned)
      : owned_(std::move(owned)) {}

  const std::unique_ptr<daemon::OwnedDirectory> owned_;
};

/// Deletes files in `directory` whose upload a killed job manager did not finish.
void removeUnfinished(const std::string& directory);

/// Deletes the directories in `parent` whose job manager does not live any more, and returns their
/// names.
std::vector<std::string> removeLeftovers(const std::string& parent);

}  // namespace weir::blob
