#include "jobmanager/checkpoint/snapshot_files.h"

#include <algorithm>
#include <map>
#include <set>

#include "common/fs/uri.h"
#include "common/wire/encoding.h"

namespace weir::jobmanager {
namespace {

constexpr std::string_view kMetadata = "metadata";
constexpr std::string_view kCheckpointPrefix = "chk-";

bool isAbsolute(std::string_view location) {
  return location.starts_with('/') || location.find(':') != std::string_view::npos;
}

template <typename Visit>
void forEachHandle(const runtime::CheckpointMetadata& metadata, Visit visit) {
  for (const runtime::OperatorState& one : metadata.operators) {
    for (const runtime::SubtaskState& subtask : one.subtasks) {
      visit(subtask.handle);
    }
  }
}

}  // namespace

std::string checkpointDirectory(std::string_view job_directory, CheckpointId checkpoint) {
  return fs::join(job_directory,
                  std::string(kCheckpointPrefix) + std::to_string(checkpoint.value()));
}

bool isCheckpointDirectory(std::string_view directory) {
  const std::string name = fs::nameOf(directory);
  return name.starts_with(kCheckpointPrefix) && name.size() > kCheckpointPrefix.size() &&
         std::all_of(name.begin() + kCheckpointPrefix.size(),
                     name.end(),
                     [](char c) { return c >= '0' && c <= '9'; }) &&
         JobId::parse(fs::nameOf(fs::parentOf(directory))).has_value();
}

Status writeMetadata(fs::FileSystem& files,
                     const std::string& directory,
                     const runtime::CheckpointMetadata& metadata) {
  return fs::writeAll(files, fs::join(directory, kMetadata), wire::encodeMetadata(metadata));
}

Result<runtime::CheckpointMetadata> readMetadata(fs::FileSystem& files,
                                                 const std::string& directory,
                                                 const std::string& named) {
  const std::string path = fs::join(directory, kMetadata);
  auto image = fs::readAll(files, path);
  if (!image && image.error().code() == ErrorCode::kNotFound) {
    return Error(ErrorCode::kNotFound,
                 "there is no savepoint at '" + (named.empty() ? directory : named) +
                     "' (it has no file 'metadata')")
        .advise("check the path; `weir savepoint list` shows savepoints");
  }
  if (!image) {
    return std::move(image).error();
  }
  return wire::decodeMetadata(*image).during("read " + path);
}

void makeRelative(runtime::CheckpointMetadata& metadata) {
  auto directory = fs::localPath(metadata.data_directory);
  if (!directory) {
    return;
  }
  const std::string prefix = *directory + "/";
  for (runtime::OperatorState& one : metadata.operators) {
    for (runtime::SubtaskState& subtask : one.subtasks) {
      runtime::StateHandle& handle = subtask.handle;
      if (handle.storage != runtime::StateHandle::Storage::kFile) {
        continue;
      }
      auto path = fs::localPath(handle.location);
      if (path && path->starts_with(prefix)) {
        handle.location = path->substr(prefix.size());
      }
    }
  }
}

runtime::StateHandle resolve(const runtime::CheckpointMetadata& metadata,
                             runtime::StateHandle handle) {
  if (handle.storage == runtime::StateHandle::Storage::kFile && !isAbsolute(handle.location)) {
    handle.location = fs::join(metadata.data_directory, handle.location);
  }
  return handle;
}

std::vector<std::string> dataFiles(const runtime::CheckpointMetadata& metadata) {
  std::set<std::string> paths;
  forEachHandle(metadata, [&](const runtime::StateHandle& handle) {
    if (handle.storage == runtime::StateHandle::Storage::kFile) {
      paths.insert(resolve(metadata, handle).location);
    }
  });
  return {paths.begin(), paths.end()};
}

std::vector<std::string> damagedFiles(fs::FileSystem& files,
                                      const runtime::CheckpointMetadata& metadata) {
  std::map<std::string, std::uint64_t> least_size;
  forEachHandle(metadata, [&](const runtime::StateHandle& handle) {
    if (handle.storage == runtime::StateHandle::Storage::kFile) {
      std::uint64_t& size = least_size[resolve(metadata, handle).location];
      size = std::max(size, handle.offset + handle.size);
    }
  });
  std::vector<std::string> damaged;
  for (const auto& [path, size] : least_size) {
    auto info = files.stat(path);
    if (!info) {
      damaged.push_back("state file " + path + ": " + info.error().message());
    } else if (info->size < size) {
      damaged.push_back("state file " + path + " has " + std::to_string(info->size) +
                        " bytes, not " + std::to_string(size));
    }
  }
  return damaged;
}

std::uint64_t bytesOnJobManager(const runtime::CheckpointMetadata& metadata) {
  std::uint64_t sum = 0;
  forEachHandle(metadata, [&](const runtime::StateHandle& handle) {
    using Storage = runtime::StateHandle::Storage;
    if (handle.storage == Storage::kInline || handle.storage == Storage::kBlob) {
      sum += handle.size;
    }
  });
  return sum;
}

}  // namespace weir::jobmanager
