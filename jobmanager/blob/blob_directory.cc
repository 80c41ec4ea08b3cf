#include "jobmanager/blob/blob_directory.h"

#include <string_view>

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

std::vector<std::string> removeLeftovers(const std::string& parent) {
  return daemon::removeLeftovers(parent, kPrefix, kLetters);
}

}  // namespace weir::blob
