#include "common/snapshot/metadata_file.h"

#include <utility>

#include "common/config/limit_options.h"
#include "common/config/options.h"
#include "common/fs/location.h"
#include "common/fs/uri.h"
#include "common/snapshot/layout.h"
#include "common/wire/encoding.h"

namespace weir::snapshot {
namespace {

using Storage = runtime::SectionHandle::Storage;

/// A file of state lies in the data directory, and nothing in the memory of a job manager.
Status checkHandles(const runtime::CheckpointMetadata& metadata) {
  for (const runtime::SavedOperator& one : metadata.operators) {
    for (const runtime::SubtaskState& subtask : one.subtasks) {
      const runtime::SectionHandle& handle = subtask.handle;
      if (handle.storage == Storage::kBlob) {
        return Error(ErrorCode::kInvalidArgument, "it names state in the memory of a job manager");
      }
      for (const runtime::SharedFile& file : handle.shared) {
        if (!sharedSince(file.name)) {
          return Error(ErrorCode::kInvalidArgument,
                       "metadata: operator '" + one.name + "' shares a file '" + file.name +
                           "', which no checkpoint names like that");
        }
      }
      if (handle.storage == Storage::kFile && !isStateFileName(handle.location)) {
        return Error(ErrorCode::kInvalidArgument,
                     "metadata: operator '" + one.name + "' has state in a file '" +
                         handle.location +
                         "', which is no plain name in the directory of the data");
      }
    }
  }
  return ok();
}

/// What stands in a metadata file of `directory`, its names checked.
Result<runtime::CheckpointMetadata> decode(const fs::FileReader& file,
                                           const std::string& path,
                                           const std::string& directory,
                                           std::uint64_t most) {
  auto image = fs::readAll(file, path, most);
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
  WEIR_TRY(const auto data, fs::Location::parse(metadata.data_directory).during("read " + path));
  metadata.data_directory = data.uri();
  WEIR_RETURN_IF_ERROR(checkHandles(metadata).during("read " + path));
  return metadata;
}

Result<bool> exists(fs::FileSystem& files, const std::string& path) {
  const auto found = files.stat(path);
  if (!found && found.error().code() != ErrorCode::kNotFound) {
    return found.error();
  }
  return found.has_value();
}

}  // namespace

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
    if (files.stat(fs::join(directory, kDisposedMetadata))) {
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
  const std::string path = fs::join(directory, kDisposedMetadata);
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
  const std::string disposed = fs::join(directory, kDisposedMetadata);
  auto file = files.openNoLink(metadata);
  if (!file) {
    return file.error().code() == ErrorCode::kNotFound ? ok() : Status(file.error());
  }
  WEIR_TRY(const std::string image, fs::readAll(**file, metadata, most));
  WEIR_RETURN_IF_ERROR(files.removeFile(disposed));  // Of an attempt that was cut short.
  WEIR_RETURN_IF_ERROR(fs::writeAll(files, disposed, image));
  Status removed = fs::removeDurably(files, metadata);  // Before any of its state goes.
  if (removed) {
    return removed;
  }
  const auto there = files.stat(metadata);  // It may have gone all the same.
  if (!there && there.error().code() == ErrorCode::kNotFound) {
    return ok();
  }
  if (there) {
    static_cast<void>(files.removeFile(disposed));
  }
  return removed;  // Where nobody can tell, both stay: each of them finds the state.
}

Result<bool> isDisposed(fs::FileSystem& files, const std::string& directory) {
  WEIR_TRY(const bool whole, exists(files, fs::join(directory, kMetadata)));
  return whole ? Result<bool>(false) : exists(files, fs::join(directory, kDisposedMetadata));
}

Status endDisposalWhole(fs::FileSystem& files, const std::string& directory, std::uint64_t most) {
  const std::string disposed = fs::join(directory, kDisposedMetadata);
  WEIR_TRY(const auto file, files.openNoLink(disposed));
  WEIR_TRY(const std::string image, fs::readAll(*file, disposed, most));
  WEIR_RETURN_IF_ERROR(fs::writeAll(files, fs::join(directory, kMetadata), image));
  return files.removeFile(disposed);  // Where it comes back, it stands beside the whole.
}

Status noteHandlesDiscarded(fs::FileSystem& files, const std::string& directory) {
  const std::string note = fs::join(directory, kDiscardedHandles);
  WEIR_TRY(const bool noted, exists(files, note));
  return noted ? files.syncDirectory(directory)  // By a disposal that was told it had failed.
               : fs::writeAll(files, note, "The state handles of this snapshot are discarded.\n");
}

Result<bool> areHandlesDiscarded(fs::FileSystem& files, const std::string& directory) {
  WEIR_TRY(const bool disposed, isDisposed(files, directory));
  return disposed ? exists(files, fs::join(directory, kDiscardedHandles)) : Result<bool>(false);
}

Status removeMetadata(fs::FileSystem& files, const std::string& directory) {
  WEIR_RETURN_IF_ERROR(files.removeFile(fs::join(directory, kMetadata)));
  WEIR_RETURN_IF_ERROR(files.removeFile(fs::join(directory, kDiscardedHandles)));
  return fs::removeDurably(files, fs::join(directory, kDisposedMetadata));
}

}  // namespace weir::snapshot
