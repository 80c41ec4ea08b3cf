#include "common/snapshot/savepoints.h"

#include <utility>

#include "common/fs/location.h"
#include "common/fs/uri.h"
#include "common/snapshot/label_file.h"
#include "common/snapshot/layout.h"
#include "common/snapshot/state_files.h"

namespace weir::snapshot {

Result<Opened> openWhole(fs::FileSystem& files,
                         const std::string& path,
                         std::uint64_t most_metadata) {
  WEIR_TRY(auto directory, savepointDirectory(path));
  WEIR_TRY(auto metadata, readMetadata(files, directory, path, most_metadata));
  WEIR_TRY(const auto damaged, damagedFiles(files, metadata));
  if (!damaged.empty()) {
    std::string list;
    for (const std::string& one : damaged) {
      list += "\n  " + one;
    }
    return Error(ErrorCode::kCorruption,
                 "savepoint '" + path + "' is not whole: " + std::to_string(damaged.size()) +
                     " of its files are missing or too short; restore another one" + list);
  }
  return Opened{std::move(directory), std::move(metadata)};
}

runtime::SavepointInfo describeSavepoint(const std::string& path,
                                         const runtime::CheckpointMetadata& metadata) {
  return {.path = path,
          .job = metadata.job,
          .job_name = metadata.job_name,
          .checkpoint = metadata.checkpoint,
          .created_millis = metadata.trigger_millis,
          .bytes = metadata.bytes(),
          .error = {},
          .label = {},
          .users = {}};
}

std::vector<JobId> usersOf(fs::FileSystem& files, const std::string& directory) {
  std::vector<JobId> users;
  const auto entries = files.list(directory);
  for (const fs::FileInfo& entry : entries ? *entries : std::vector<fs::FileInfo>()) {
    if (const auto job = markedJob(entry.name)) {
      users.push_back(*job);
    }
  }
  return users;
}

namespace {

/// Whether a savepoint may lie in `directory`: an export has the name that its user gave it.
bool mayHoldSavepoint(const std::string& directory) {
  const std::string name = fs::nameOf(directory);
  return !isCheckpointDirectory(directory) && !JobId::parse(name) && !isExportName(name);
}

}  // namespace

std::vector<runtime::SavepointInfo> listSavepoints(fs::FileSystem& files,
                                                   const std::string& parent,
                                                   std::uint64_t most_metadata) {
  std::vector<runtime::SavepointInfo> infos;
  auto entries = files.list(parent);
  const auto location = fs::Location::parse(parent);
  if (!entries || !location) {
    return infos;
  }
  std::vector<std::string> directories;
  for (const fs::FileInfo& entry : *entries) {
    if (entry.directory) {
      directories.push_back(location->child(entry.name).uri());
    } else if (entry.name == kMetadata) {
      directories.push_back(location->uri());
    }
  }
  for (const std::string& path : directories) {
    if (!mayHoldSavepoint(path)) {
      continue;
    }
    auto metadata = readMetadata(files, path, {}, most_metadata);
    if (metadata) {
      infos.push_back(describeSavepoint(path, *metadata));
      auto label = readLabel(files, path);
      infos.back().label = label ? *std::move(label) : std::string();
      infos.back().users = usersOf(files, path);
    } else if (isSavepointName(fs::nameOf(path)) ||
               metadata.error().code() != ErrorCode::kNotFound) {
      runtime::SavepointInfo damaged;
      damaged.path = path;
      damaged.error = metadata.error().message();
      infos.push_back(std::move(damaged));
    }
  }
  return infos;
}

}  // namespace weir::snapshot
