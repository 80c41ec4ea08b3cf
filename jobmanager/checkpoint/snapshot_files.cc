#include "jobmanager/checkpoint/snapshot_files.h"

#include <algorithm>
#include <map>
#include <set>

#include "common/config/limit_options.h"
#include "common/config/options.h"
#include "common/fs/uri.h"
#include "common/runtime/state_file_name.h"
#include "common/wire/encoding.h"

namespace weir::jobmanager {
namespace {

constexpr std::string_view kMetadata = "metadata";
constexpr std::string_view kDisposed = ".disposed-metadata";
constexpr std::string_view kCheckpointPrefix = "chk-";
constexpr std::string_view kDecimal = "0123456789";

using Storage = runtime::StateHandle::Storage;

bool allOf(std::string_view text, std::string_view digits) {
  return !text.empty() && text.find_first_not_of(digits) == std::string_view::npos;
}

template <typename Visit>
void forEachHandle(const runtime::CheckpointMetadata& metadata, Visit visit) {
  for (const runtime::OperatorState& one : metadata.operators) {
    for (const runtime::SubtaskState& subtask : one.subtasks) {
      visit(subtask.handle);
    }
  }
}

/// What stands in a metadata file of `directory`, its names checked.
Result<runtime::CheckpointMetadata> decode(const fs::FileReader& file,
                                           const std::string& path,
                                           const std::string& directory,
                                           std::uint64_t most) {
  auto image = readBounded(file, path, most);
  if (!image && image.error().code() == ErrorCode::kResourceExhausted) {
    return std::move(image).error().advise("raise " + std::string(config::kMaxMetadataSize.key) +
                                           " if it is no accident");
  }
  if (!image) {
    return std::move(image).error();
  }
  WEIR_TRY(auto metadata, wire::decodeMetadata(*image).during("read " + path));
  if (metadata.data_directory.empty()) {
    metadata.data_directory = directory;  // It can be moved.
  }
  WEIR_TRY(const std::string data, fs::localPath(metadata.data_directory).during("read " + path));
  metadata.data_directory = fs::toFileUri(data);
  bool blobs = false;
  forEachHandle(metadata, [&](const runtime::StateHandle& handle) {
    blobs = blobs || handle.storage == Storage::kBlob;
  });
  if (blobs) {
    return Error(ErrorCode::kInvalidArgument, "it names state in the memory of a job manager")
        .during("read " + path);
  }
  return metadata;
}

}  // namespace

std::string checkpointDirectory(std::string_view job_directory, CheckpointId checkpoint) {
  return fs::join(job_directory,
                  std::string(kCheckpointPrefix) + std::to_string(checkpoint.value()));
}

bool isCheckpointDirectory(std::string_view directory) {
  const std::string name = fs::nameOf(directory);
  return name.starts_with(kCheckpointPrefix) &&
         allOf(std::string_view(name).substr(kCheckpointPrefix.size()), kDecimal) &&
         JobId::parse(fs::nameOf(fs::parentOf(directory))).has_value();
}

bool isCheckpointDirectory(std::string_view directory, JobId job, CheckpointId checkpoint) {
  return checkpointDirectory(job.hex(), checkpoint) ==
         fs::join(fs::nameOf(fs::parentOf(directory)), fs::nameOf(directory));
}

Result<std::string> readBounded(const fs::FileReader& file,
                                const std::string& path,
                                std::uint64_t most) {
  if (file.size() > most) {
    return Error(ErrorCode::kResourceExhausted,
                 path + " has " + std::to_string(file.size()) + " bytes, and at most " +
                     std::to_string(most) + " are read");
  }
  return file.read(0, file.size());
}

Status writeMetadata(fs::FileSystem& files,
                     const std::string& directory,
                     const runtime::CheckpointMetadata& metadata,
                     std::uint64_t most) {
  const std::string path = fs::join(directory, kMetadata);
  const std::string image = wire::encodeMetadata(metadata);
  if (image.size() > most) {
    return Error(ErrorCode::kResourceExhausted,
                 path + " would have " + std::to_string(image.size()) + " bytes, and " +
                     std::string(config::kMaxMetadataSize.key) + " allows " + std::to_string(most))
        .advise("let state go into files sooner (" + std::string(config::kMemoryThreshold.key) +
                ")");
  }
  return fs::writeAll(files, path, image);
}

Result<runtime::CheckpointMetadata> readMetadata(fs::FileSystem& files,
                                                 const std::string& directory,
                                                 const std::string& named,
                                                 std::uint64_t most) {
  const std::string path = fs::join(directory, kMetadata);
  auto file = files.openNoLink(path);
  if (!file && file.error().code() == ErrorCode::kNotFound) {
    const std::string& name = named.empty() ? directory : named;
    if (files.stat(fs::join(directory, kDisposed))) {
      return Error(ErrorCode::kNotFound,
                   "there is no savepoint at '" + name + "' any more: its disposal has begun")
          .advise("dispose it again if that was cut short");
    }
    return Error(ErrorCode::kNotFound,
                 "there is no savepoint at '" + name + "' (it has no file 'metadata')")
        .advise("check the path; `weir savepoint list` shows savepoints");
  }
  if (!file) {
    return std::move(file).error();
  }
  return decode(**file, path, directory, most);
}

Result<runtime::CheckpointMetadata> readDisposed(fs::FileSystem& files,
                                                 const std::string& directory,
                                                 const std::string& named,
                                                 std::uint64_t most) {
  const std::string path = fs::join(directory, kDisposed);
  auto file = files.openNoLink(path);
  if (!file && file.error().code() == ErrorCode::kNotFound) {
    return readMetadata(files, directory, named, most);  // It says that there is none.
  }
  if (!file) {
    return std::move(file).error();
  }
  return decode(**file, path, directory, most);
}

Status beginDisposal(fs::FileSystem& files, const std::string& directory, std::uint64_t most) {
  const std::string metadata = fs::join(directory, kMetadata);
  const std::string disposed = fs::join(directory, kDisposed);
  auto file = files.openNoLink(metadata);
  if (!file) {
    return file.error().code() == ErrorCode::kNotFound ? ok() : Status(file.error());
  }
  WEIR_TRY(const std::string image, readBounded(**file, metadata, most));
  WEIR_RETURN_IF_ERROR(files.removeFile(disposed));  // Of an attempt that was cut short.
  WEIR_RETURN_IF_ERROR(fs::writeAll(files, disposed, image));
  Status removed = files.removeFile(metadata);
  if (!removed) {
    static_cast<void>(files.removeFile(disposed));
  }
  return removed;
}

bool isMetadata(std::string_view name) { return name == kMetadata || name == kDisposed; }

Status removeMetadata(fs::FileSystem& files, const std::string& directory) {
  WEIR_RETURN_IF_ERROR(files.removeFile(fs::join(directory, kMetadata)));
  return files.removeFile(fs::join(directory, kDisposed));
}

Status checkLocations(const runtime::CheckpointAck& ack, const std::string& directory) {
  constexpr std::size_t kSha256Digits = 64;
  const auto expected = fs::localPath(directory);
  for (const runtime::OperatorSnapshot& one : ack.operators) {
    const std::string& location = one.handle.location;
    bool usable = true;
    if (one.handle.storage == Storage::kBlob) {
      usable = directory.empty() && location.size() == kSha256Digits &&
               allOf(location, "0123456789abcdef");
    } else if (one.handle.storage == Storage::kFile) {
      const auto path = fs::localPath(location);
      usable = path && expected && fs::parentOf(*path) == *expected &&
               runtime::isStateFileName(fs::nameOf(*path));
    }
    if (!usable) {
      return Error(ErrorCode::kInvalidArgument,
                   "acknowledged with state at '" + location + "', which is no file of " +
                       (directory.empty() ? "its job, whose state lies on the job manager"
                                          : "its checkpoint's directory " + directory));
    }
  }
  return ok();
}

void makeRelative(runtime::CheckpointMetadata& metadata) {
  for (runtime::OperatorState& one : metadata.operators) {
    for (runtime::SubtaskState& subtask : one.subtasks) {
      if (subtask.handle.storage == Storage::kFile) {
        subtask.handle.location = fs::nameOf(subtask.handle.location);  // See checkLocations().
      }
    }
  }
}

runtime::StateHandle resolve(const runtime::CheckpointMetadata& metadata,
                             runtime::StateHandle handle) {
  if (handle.storage == Storage::kFile) {
    handle.location = fs::join(metadata.data_directory, handle.location);
  }
  return handle;
}

std::vector<std::string> dataFiles(const runtime::CheckpointMetadata& metadata) {
  std::set<std::string> names;
  forEachHandle(metadata, [&](const runtime::StateHandle& handle) {
    if (handle.storage == Storage::kFile) {
      names.insert(handle.location);
    }
  });
  return {names.begin(), names.end()};
}

Result<std::vector<std::string>> damagedFiles(fs::FileSystem& files,
                                              const runtime::CheckpointMetadata& metadata) {
  std::map<std::string, std::uint64_t> least_size;
  forEachHandle(metadata, [&](const runtime::StateHandle& handle) {
    if (handle.storage == Storage::kFile) {
      std::uint64_t& size = least_size[resolve(metadata, handle).location];
      size = std::max(size, handle.offset + handle.size);
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

}  // namespace weir::jobmanager
