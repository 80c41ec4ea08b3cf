#include "jobmanager/blob/blob_directory.h"

#include <string_view>

#include <dirent.h>
#include <unistd.h>

#include "common/fs/local_entries.h"

namespace weir::blob {
namespace {

constexpr std::string_view kPrefix = "weir-jobmanager-blobs-";
constexpr std::size_t kLetters = 12;

}  // namespace

Result<std::unique_ptr<BlobDirectory>> BlobDirectory::create(const std::string& parent,
                                                             Random& random) {
  WEIR_TRY(auto owned, daemon::OwnedDirectory::create(parent, kPrefix, random.hex(kLetters)));
  return std::unique_ptr<BlobDirectory>(new BlobDirectory(std::move(owned)));
}

void removeUnfinished(const std::string& directory) {
  const fs::Stream stream(::opendir(directory.c_str()), &::closedir);
  if (stream) {
    // What stays is a temporary file that nobody reads.
    static_cast<void>(fs::forEachEntry(stream.get(), [&](const std::string& name) {
      if (fs::isTemporary(name)) {
        ::unlinkat(::dirfd(stream.get()), name.c_str(), 0);
      }
    }));
  }
}

std::vector<std::string> removeLeftovers(const std::string& parent) {
  return daemon::removeLeftovers(parent, kPrefix, kLetters);
}

}  // namespace weir::blob
