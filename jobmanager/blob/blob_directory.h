#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/base/random.h"
#include "common/base/result.h"

namespace weir::blob {

/// The directory of one running job manager's blobs, `<parent>/weir-jobmanager-blobs-<hex>`, open
/// to its user alone.
///
/// Holds a lock in it while it lives, and deletes it at the end. What a job manager that was killed
/// left behind is recognised by its lock, which nobody holds. Belongs to one thread, except for
/// restore().
class BlobDirectory {
 public:
  /// Makes the directory in `parent`, which exists. Errors name it.
  static Result<std::unique_ptr<BlobDirectory>> create(const std::string& parent, Random& random);
  ~BlobDirectory();
  BlobDirectory(const BlobDirectory&) = delete;
  BlobDirectory& operator=(const BlobDirectory&) = delete;

  const std::string& path() const { return path_; }
  /// Makes directory and lock again where somebody deleted them; kFailedPrecondition when something
  /// else has the name by now. From any thread.
  Status restore();

 private:
  BlobDirectory(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}

  const std::string path_;
  std::mutex mutex_;  // Of restore().
  int lock_;          // A descriptor.
};

/// Deletes the directories in `parent` whose job manager does not live any more, and returns their
/// names. Those of other users stay, and those without a lock unless they are empty: whether
/// somebody lives who needs them cannot be told.
std::vector<std::string> removeLeftovers(const std::string& parent);

}  // namespace weir::blob
