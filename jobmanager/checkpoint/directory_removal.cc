#include "jobmanager/checkpoint/directory_removal.h"

#include <algorithm>

#include "common/base/crash_point.h"
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
  const bool told_by_names = std::ranges::all_of(*entries, [](const fs::FileInfo& entry) {
    return snapshot::isTaskFile(entry.name) || snapshot::isMetadata(entry.name) ||
           snapshot::markedJob(entry.name) || snapshot::labelNumber(entry.name);
  });
  if (told_by_names) {  // First, as metadata without its state would count as a loss.
    WEIR_RETURN_IF_ERROR(fs::removeDurably(files, fs::join(directory, snapshot::kMetadata)));
    crashPoint("checkpoint.metadata");
  }
  std::string foreign;
  for (const fs::FileInfo& entry : *entries) {
    const std::string& name = entry.name;
    const bool regular = entry.regular && !entry.link;
    if (regular && snapshot::isMetadata(name)) {
      continue;  // Last, as it alone tells what the files are.
    }
    if (regular &&
        (snapshot::isTaskFile(name) || snapshot::markedJob(name) || snapshot::labelNumber(name) ||
         std::find(names.begin(), names.end(), name) != names.end())) {
      WEIR_RETURN_IF_ERROR(files.removeFile(fs::join(directory, name)));
      crashPoint("checkpoint.file");
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
