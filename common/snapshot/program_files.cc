#include "common/snapshot/program_files.h"

#include <set>

#include "common/fs/uri.h"
#include "common/snapshot/layout.h"
#include "common/snapshot/metadata_file.h"
#include "common/wire/encoding.h"

namespace weir::snapshot {

Result<std::vector<runtime::BlobKey>> programFiles(fs::FileSystem& files,
                                                   const std::string& directory) {
  const std::string description = fs::join(fs::join(directory, kProgram), kProgramDescription);
  const auto file = files.openNoLink(description);
  if (!file && file.error().code() == ErrorCode::kNotFound) {
    return std::vector<runtime::BlobKey>();
  }
  if (!file) {
    return file.error();
  }
  WEIR_TRY(const std::string image, fs::readAll(**file, description, kMostMetadataBytes));
  WEIR_TRY(const auto stored, wire::decodeProgram(image).during("read " + description));
  std::set<runtime::BlobKey> keys;
  if (!stored.program.executable.blob.sha256.empty()) {
    keys.insert(stored.program.executable.blob);
  }
  for (const auto* list : {&stored.program.libraries, &stored.program.shipped}) {
    for (const runtime::ProgramFile& one : *list) {
      keys.insert(one.blob);
    }
  }
  return std::vector<runtime::BlobKey>(keys.begin(), keys.end());
}

}  // namespace weir::snapshot
