#include "jobmanager/savepoint/savepoint_files.h"

#include <utility>

#include "common/base/crash_point.h"
#include "common/fs/location.h"
#include "common/fs/uri.h"
#include "common/snapshot/layout.h"
#include "common/snapshot/use_marks.h"
#include "jobmanager/savepoint/savepoint_removal.h"
#include "jobmanager/savepoint/stored_program.h"

namespace weir::jobmanager {
namespace {

using Storage = runtime::SectionHandle::Storage;

/// Moves one section from the job manager into a file of the savepoint.
Status moveToFile(fs::FileSystem& files,
                  blob::BlobStore& blobs,
                  const std::string& directory,
                  const std::string& name,
                  runtime::SectionHandle& handle) {
  if (handle.storage == Storage::kBlob) {
    WEIR_TRY(handle.bytes, blobs.state().get(handle.location));
  }
  WEIR_RETURN_IF_ERROR(fs::writeAll(files, fs::join(directory, name), handle.bytes));
  handle.storage = Storage::kFile;
  handle.location = name;
  handle.offset = 0;
  handle.bytes.clear();
  return ok();
}

Status moveAll(fs::FileSystem& files,
               blob::BlobStore& blobs,
               const std::string& directory,
               std::uint64_t inline_limit,
               runtime::CheckpointMetadata& metadata) {
  // Else the files stay where they are, and what is told beside them stays so.
  const bool without_files = metadata.data_directory.empty();
  std::uint64_t number = 0;
  for (runtime::SavedOperator& one : metadata.operators) {
    for (runtime::SubtaskState& subtask : one.subtasks) {
      runtime::SectionHandle& handle = subtask.handle;
      if (handle.storage == Storage::kBlob ||
          (handle.storage == Storage::kInline && without_files && handle.size > inline_limit)) {
        const std::string name = snapshot::ownStateName(++number);
        WEIR_RETURN_IF_ERROR(moveToFile(files, blobs, directory, name, handle));
      }
    }
  }
  return ok();  // With no directory of files told, they lie beside it, wherever it is moved.
}

/// Whether its state lies in another directory, which is there.
Result<bool> pointsElsewhere(fs::FileSystem& files,
                             const std::string& directory,
                             const std::string& data_directory) {
  if (data_directory.empty()) {
    return false;
  }
  auto data = files.stat(data_directory);
  if (!data && data.error().code() == ErrorCode::kNotFound) {
    return false;
  }
  WEIR_TRY(const fs::FileInfo there, std::move(data));
  WEIR_TRY(const fs::FileInfo here, files.stat(directory));
  return there.directory && !there.link && there.identity != here.identity;
}

/// That of the savepoint's checkpoint, which was written before it, is looked at as well.
Result<snapshot::Opened> openWithCheckpoint(fs::FileSystem& files,
                                            const std::string& directory,
                                            std::uint64_t most_metadata) {
  WEIR_TRY(auto opened, snapshot::openWhole(files, directory, most_metadata));
  const std::string& data = opened.metadata.data_directory;
  if (snapshot::isCheckpointDirectory(data)) {
    WEIR_RETURN_IF_ERROR(snapshot::readMetadata(files, data, {}, most_metadata));
  }
  return opened;
}

}  // namespace

Result<std::optional<snapshot::Opened>> settleSavepoint(fs::FileSystem& files,
                                                        const std::string& directory,
                                                        JobId job,
                                                        CheckpointId checkpoint,
                                                        std::uint64_t most_metadata) {
  using Found = std::optional<snapshot::Opened>;
  if (const auto metadata = snapshot::readMetadata(files, directory, {}, most_metadata);
      metadata && (metadata->job != job || metadata->checkpoint != checkpoint)) {
    return Found();
  }
  auto opened = openWithCheckpoint(files, directory, most_metadata);
  if (opened) {
    return Found(*std::move(opened));
  }
  const ErrorCode why = opened.error().code();
  if (why != ErrorCode::kNotFound && why != ErrorCode::kCorruption) {
    return std::move(opened).error();
  }
  WEIR_RETURN_IF_ERROR(removeUnfinished(files, directory));
  crashPoint("savepoint.cut");
  return Found();
}

Result<std::string> writeSavepoint(fs::FileSystem& files,
                                   blob::BlobStore& blobs,
                                   const std::string& parent,
                                   const std::string& name,
                                   std::uint64_t inline_limit,
                                   std::uint64_t metadata_limit,
                                   runtime::CheckpointMetadata metadata,
                                   const runtime::JobProgram* program,
                                   const std::string& holder) {
  WEIR_TRY(const auto location, fs::Location::parse(parent));
  const std::string directory = location.child(name).uri();
  auto present = files.stat(directory);
  if (present) {
    return Error(ErrorCode::kFailedPrecondition, directory + " exists already");
  }
  if (present.error().code() != ErrorCode::kNotFound) {
    return std::move(present).error();
  }
  metadata.location = directory;
  Status written = moveAll(files, blobs, directory, inline_limit, metadata);
  crashPoint("savepoint.state");
  if (written && program != nullptr) {
    written = writeProgram(files, blobs, directory, *program);
    crashPoint("savepoint.program");
  }
  if (written) {  // First, so that no disposal finds it without.
    written = snapshot::writeMark(files, directory, metadata.job, holder);
  }
  crashPoint("savepoint.marked");
  if (written) {
    written = snapshot::writeMetadata(files, directory, metadata, metadata_limit);
  }
  crashPoint("savepoint.entry");
  if (!written) {
    if (Status removed = removeUnfinished(files, directory); !removed) {
      return std::move(written).error().advise("remove " + directory);
    }
    return std::move(written).error();
  }
  return directory;
}

Status writeInUse(fs::FileSystem& files,
                  const std::string& directory,
                  const std::string& data_directory,
                  JobId job,
                  const std::string& holder) {
  WEIR_RETURN_IF_ERROR(files.stat(fs::join(directory, snapshot::kMetadata)));
  WEIR_RETURN_IF_ERROR(snapshot::writeMark(files, directory, job, holder));
  WEIR_TRY(const bool elsewhere, pointsElsewhere(files, directory, data_directory));
  crashPoint("restore.savepoint-marked");
  if (elsewhere) {
    WEIR_RETURN_IF_ERROR(snapshot::writeMark(files, data_directory, job, holder));
  }
  crashPoint("restore.marked");
  return ok();
}

Status removeInUse(fs::FileSystem& files,
                   const std::string& directory,
                   const std::string& data_directory,
                   JobId job) {
  WEIR_RETURN_IF_ERROR(snapshot::removeMark(files, directory, job));
  crashPoint("restore.savepoint-unmarked");
  const auto elsewhere = pointsElsewhere(files, directory, data_directory);
  if (!elsewhere) {  // What was disposed has taken its marks along.
    return elsewhere.error().code() == ErrorCode::kNotFound ? ok() : Status(elsewhere.error());
  }
  if (*elsewhere) {
    WEIR_RETURN_IF_ERROR(snapshot::removeMark(files, data_directory, job));
  }
  crashPoint("restore.unmarked");
  return ok();
}

}  // namespace weir::jobmanager
