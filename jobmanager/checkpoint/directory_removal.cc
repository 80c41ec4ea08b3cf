#include "jobmanager/checkpoint/directory_removal.h"

#include <algorithm>

#include "common/fs/empty_directory.h"
#include "common/fs/uri.h"
#include "common/snapshot/layout.h"
#include "common/snapshot/metadata_file.h"

namespace weir::jobmanager {

Status removeCheckpointDirectory(fs::FileSystem& files,
                                 const std::string& directory,
                                 const std::vector<std::string>& names) {
  auto entries = files.list(directory);
  if (!entries) {
    return entries.error().code() == ErrorCode::kNotFound ? ok() : Status(entries.error());
  }
  std::string foreign;
  for (const fs::FileInfo& entry : *entries) {
    const std::string& name = entry.name;
    const bool regular = entry.regular && !entry.link;
    if (regular && snapshot::isMetadata(name)) {
      continue;  // Last, so that a removal that was cut short can be repeated.
    }
    if (regular &&
        (snapshot::isTaskFile(name) || snapshot::markedJob(name) || name == snapshot::kLabel ||
         std::find(names.begin(), names.end(), name) != names.end())) {
      WEIR_RETURN_IF_ERROR(files.removeFile(fs::join(directory, name)));
    } else if (foreign.empty()) {
      foreign = name;
    }
  }
  WEIR_RETURN_IF_ERROR(snapshot::removeMetadata(files, directory));
  if (!foreign.empty()) {
    return Error(
        ErrorCode::kFailedPrecondition,
        "directory " + directory + " stays: '" + foreign + "' in it is not the snapshot's");
  }
  WEIR_TRY(const bool gone, fs::removeEmptyDirectory(files, directory));
  return gone ? ok()
              : Status(Error(ErrorCode::kFailedPrecondition,
                             "directory " + directory + " stays: there is more in it by now"));
}

}  // namespace weir::jobmanager
