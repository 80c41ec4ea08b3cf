#include "common/snapshot/shared_files.h"

#include <limits>
#include <utility>

#include "common/base/crash_point.h"
#include "common/fs/empty_directory.h"
#include "common/fs/uri.h"
#include "common/snapshot/layout.h"
#include "common/snapshot/metadata_file.h"

namespace weir::snapshot {

std::set<std::string> sharedFiles(const runtime::CheckpointMetadata& metadata) {
  std::set<std::string> names;
  for (const runtime::SavedOperator& one : metadata.operators) {
    for (const runtime::SubtaskState& subtask : one.subtasks) {
      for (const runtime::SharedFile& file : subtask.handle.shared) {
        names.insert(file.name);
      }
    }
  }
  return names;
}

Result<std::set<std::string>> sharedFilesNeeded(fs::FileSystem& files,
                                                const std::string& job_directory,
                                                std::uint64_t most_metadata) {
  std::set<std::string> needed;
  WEIR_TRY(const auto entries, files.list(job_directory));
  for (const fs::FileInfo& entry : entries) {
    const std::string path = fs::join(job_directory, entry.name);
    if (!entry.directory || !isCheckpointDirectory(path)) {
      continue;
    }
    const auto metadata = readMetadata(files, path, path, most_metadata);
    if (metadata) {
      needed.merge(sharedFiles(*metadata));
    } else if (metadata.error().code() != ErrorCode::kNotFound) {
      return metadata.error();
    }
  }
  return needed;
}

Status removeUnshared(fs::FileSystem& files,
                      const std::string& job_directory,
                      const std::set<std::string>& kept,
                      CheckpointId last) {
  const std::string directory = sharedDirectoryOfJob(job_directory);
  const auto entries = files.list(directory);
  if (!entries) {
    return entries.error().code() == ErrorCode::kNotFound ? ok() : Status(entries.error());
  }
  for (const fs::FileInfo& entry : *entries) {
    const auto since = sharedSince(entry.name);
    if (!since || *since > last || kept.contains(entry.name) || !entry.regular || entry.link) {
      continue;
    }
    WEIR_RETURN_IF_ERROR(files.removeFile(fs::join(directory, entry.name)));
    crashPoint("checkpoint.shared");
  }
  return ok();
}

Status removeShared(fs::FileSystem& files,
                    const std::string& job_directory,
                    const std::set<std::string>& names,
                    std::uint64_t most_metadata) {
  const std::string directory = sharedDirectoryOfJob(job_directory);
  WEIR_TRY(const auto needed, sharedFilesNeeded(files, job_directory, most_metadata));
  for (const std::string& name : names) {
    if (!needed.contains(name)) {
      WEIR_RETURN_IF_ERROR(files.removeFile(fs::join(directory, name)));
      crashPoint("disposal.shared");
    }
  }
  if (files.stat(directory)) {
    WEIR_RETURN_IF_ERROR(fs::removeEmptyDirectory(files, directory));
  }
  return ok();
}

Status removeAllUnshared(fs::FileSystem& files,
                         const std::string& job_directory,
                         std::uint64_t most_metadata) {
  const auto there = files.stat(sharedDirectoryOfJob(job_directory));
  if (!there && there.error().code() == ErrorCode::kNotFound) {
    return ok();
  }
  WEIR_TRY(const auto needed, sharedFilesNeeded(files, job_directory, most_metadata));
  WEIR_RETURN_IF_ERROR(removeUnshared(
      files, job_directory, needed, CheckpointId(std::numeric_limits<std::uint64_t>::max())));
  WEIR_RETURN_IF_ERROR(fs::removeEmptyDirectory(files, sharedDirectoryOfJob(job_directory)));
  return ok();
}

}  // namespace weir::snapshot
