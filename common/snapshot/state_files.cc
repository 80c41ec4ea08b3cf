#include "common/snapshot/state_files.h"

#include <algorithm>
#include <map>
#include <set>

#include "common/fs/uri.h"
#include "common/snapshot/layout.h"

namespace weir::snapshot {
namespace {

using Storage = runtime::SectionHandle::Storage;

template <typename Visit>
void forEachHandle(const runtime::CheckpointMetadata& metadata, Visit visit) {
  for (const runtime::SavedOperator& one : metadata.operators) {
    for (const runtime::SubtaskState& subtask : one.subtasks) {
      visit(subtask.handle);
    }
  }
}

}  // namespace

void makeRelative(runtime::CheckpointMetadata& metadata) {
  for (runtime::SavedOperator& one : metadata.operators) {
    for (runtime::SubtaskState& subtask : one.subtasks) {
      if (subtask.handle.storage == Storage::kFile) {
        subtask.handle.location = fs::nameOf(subtask.handle.location);  // All in one directory.
      }
    }
  }
}

runtime::SectionHandle resolve(const runtime::CheckpointMetadata& metadata,
                               runtime::SectionHandle handle) {
  if (handle.storage == Storage::kFile) {
    handle.location = fs::join(metadata.data_directory, handle.location);
  }
  return handle;
}

std::vector<std::string> dataFiles(const runtime::CheckpointMetadata& metadata) {
  std::set<std::string> names;
  forEachHandle(metadata, [&](const runtime::SectionHandle& handle) {
    if (handle.storage == Storage::kFile) {
      names.insert(handle.location);
    }
  });
  return {names.begin(), names.end()};
}

Result<std::vector<std::string>> damagedFiles(fs::FileSystem& files,
                                              const runtime::CheckpointMetadata& metadata) {
  std::map<std::string, std::uint64_t> least_size;
  forEachHandle(metadata, [&](const runtime::SectionHandle& handle) {
    if (handle.storage == Storage::kFile) {
      std::uint64_t& size = least_size[resolve(metadata, handle).location];
      size = std::max(size, handle.offset + handle.size);
    }
    for (const runtime::SharedFile& file : handle.shared) {
      least_size[fs::join(sharedDirectory(metadata.data_directory), file.name)] = file.size;
    }
  });
  std::vector<std::string> damaged;
  for (const auto& [path, size] : least_size) {
    auto info = files.stat(path);
    if (!info && info.error().code() != ErrorCode::kNotFound) {
      return std::move(info).error().during("state file " + path);
    }
    if (!info) {
      damaged.push_back("state file " + path + ": " + info.error().message());
    } else if (info->link || !info->regular) {
      return Error(
          ErrorCode::kInvalidArgument,
          "state file " + path + " is " + (info->link ? "a symbolic link" : "no regular file"));
    } else if (info->size < size) {
      damaged.push_back("state file " + path + " has " + std::to_string(info->size) +
                        " bytes, not " + std::to_string(size));
    }
  }
  return damaged;
}

}  // namespace weir::snapshot
