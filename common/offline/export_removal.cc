#include "common/fs/empty_directory.h"
#include "common/fs/uri.h"
#include "common/offline/export.h"
#include "common/snapshot/layout.h"
#include "common/snapshot/program_files.h"

namespace weir::offline {
namespace {

bool isDigest(std::string_view name) {
  constexpr std::size_t kDigits = 64;
  return name.size() == kDigits &&
         name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

template <typename IsOurs>
Status removeOurs(fs::FileSystem& files, const std::string& directory, IsOurs is_ours) {
  const auto entries = files.list(directory);
  if (!entries) {
    return entries.error().code() == ErrorCode::kNotFound ? ok() : Status(entries.error());
  }
  for (const fs::FileInfo& entry : *entries) {
    if (entry.regular && !entry.link && is_ours(entry.name)) {
      WEIR_RETURN_IF_ERROR(files.removeFile(fs::join(directory, entry.name)));
    }
  }
  WEIR_TRY(const bool gone, fs::removeEmptyDirectory(files, directory));
  return gone ? ok()
              : Status(Error(ErrorCode::kFailedPrecondition,
                             "directory " + directory + " stays: there is more in it"));
}

}  // namespace

Status removeUnfinishedProgram(fs::FileSystem& files, const std::string& directory) {
  const auto below = files.stat(fs::join(directory, snapshot::kProgram));
  if (!below || !below->directory || below->link) {
    return ok();
  }
  return removeOurs(files, fs::join(directory, snapshot::kProgram), [](const std::string& name) {
    return isDigest(name) || name == snapshot::kProgramDescription;
  });
}

Status removeUnfinishedExport(fs::FileSystem& files, const std::string& directory) {
  // The metadata first: without it nothing takes the rest for a savepoint.
  WEIR_RETURN_IF_ERROR(files.removeFile(fs::join(directory, snapshot::kMetadata)));
  WEIR_RETURN_IF_ERROR(removeUnfinishedProgram(files, directory));
  return removeOurs(files, directory, [](const std::string& name) {
    return snapshot::isTaskFile(name) || snapshot::isOwnState(name) || snapshot::isMetadata(name) ||
           snapshot::labelNumber(name).has_value();
  });
}

}  // namespace weir::offline
