#include "jobmanager/savepoint/savepoint_removal.h"

#include <algorithm>
#include <utility>

#include "common/base/crash_point.h"
#include "common/fs/empty_directory.h"
#include "common/fs/uri.h"
#include "common/snapshot/label_file.h"
#include "common/snapshot/layout.h"
#include "common/snapshot/metadata_file.h"
#include "common/snapshot/shared_files.h"
#include "common/snapshot/state_files.h"
#include "jobmanager/checkpoint/directory_removal.h"
#include "jobmanager/checkpoint/handle_discarder.h"
#include "jobmanager/savepoint/stored_program.h"

namespace weir::jobmanager {
namespace {

Error nothingDeleted(Error why) {
  return std::move(why)
      .during("nothing was deleted")
      .advise("mend what is said here and repeat; what is no savepoint is left to you");
}

Error notItsOwn(const Removal& removal) {
  const runtime::CheckpointMetadata& metadata = removal.metadata;
  return Error(ErrorCode::kFailedPrecondition,
               "nothing was deleted: the manifest in '" + removal.directory + "' names '" +
                   metadata.data_directory +
                   "' as the directory of its state, which is neither its own nor that of "
                   "checkpoint " +
                   std::to_string(metadata.checkpoint.value()) + " of job " + metadata.job.hex())
      .advise("if it was moved or copied, dispose it where it was written");
}

/// Whether the savepoint lies where it was written.
Result<bool> isAtItsPlace(fs::FileSystem& files, const Removal& removal) {
  const std::string& location = removal.metadata.location;
  if (location.empty()) {
    return false;  // Of a release that did not tell.
  }
  WEIR_TRY(const fs::FileInfo own, files.stat(removal.directory));
  auto there = files.stat(location);
  if (!there && there.error().code() == ErrorCode::kNotFound) {
    return false;
  }
  if (!there) {
    return nothingDeleted(std::move(there).error());
  }
  return there->identity == own.identity;
}

/// The savepoint that this one is a copy of, if it is there; else empty: it was moved.
Result<std::string> originalOf(fs::FileSystem& files, const Removal& removal) {
  const runtime::CheckpointMetadata& metadata = removal.metadata;
  const auto original = metadata.location.empty()
                            ? Error(ErrorCode::kNotFound, "it does not tell")
                            : snapshot::readMetadata(files, metadata.location);
  if (original) {
    const bool same = original->job == metadata.job && original->checkpoint == metadata.checkpoint;
    return same ? metadata.location : std::string();
  }
  if (original.error().code() == ErrorCode::kNotFound) {
    return std::string();
  }
  return nothingDeleted(original.error());  // Whether it needs the state cannot be told.
}

/// Whether a file that is said to be state has not the name that workers give: where no manifest
/// stands beside them, nothing else tells what files are.
Result<bool> hasOtherFiles(fs::FileSystem& files, const runtime::CheckpointMetadata& metadata) {
  for (const std::string& name : snapshot::dataFiles(metadata)) {
    if (snapshot::isTaskFile(name)) {
      continue;
    }
    auto there = files.stat(fs::join(metadata.data_directory, name));
    if (there || there.error().code() != ErrorCode::kNotFound) {
      return there ? Result<bool>(true) : nothingDeleted(std::move(there).error());
    }
  }
  return false;
}

/// Whether the data directory is the checkpoint's that a savepoint points to.
Status checkCheckpointDirectory(fs::FileSystem& files, Removal& removal) {
  const runtime::CheckpointMetadata& metadata = removal.metadata;
  if (!metadata.savepoint || metadata.exported ||
      !snapshot::isCheckpointDirectory(
          metadata.data_directory, metadata.job, metadata.checkpoint)) {
    return notItsOwn(removal);
  }
  auto above = files.stat(fs::parentOf(metadata.data_directory));
  if (!above && above.error().code() != ErrorCode::kNotFound) {
    return nothingDeleted(std::move(above).error());
  }
  if (above && above->link) {
    return notItsOwn(removal);
  }
  removal.points_elsewhere = true;
  WEIR_TRY(const bool at_its_place, isAtItsPlace(files, removal));
  if (!at_its_place) {
    removal.owners_decide = true;
    WEIR_TRY(removal.copy_of, originalOf(files, removal));
  }
  auto theirs = snapshot::readMetadata(files, metadata.data_directory);
  if (theirs && (theirs->job != metadata.job || theirs->checkpoint != metadata.checkpoint)) {
    return notItsOwn(removal);
  }
  if (!theirs && (theirs.error().code() == ErrorCode::kIo ||
                  theirs.error().code() == ErrorCode::kResourceExhausted)) {
    return nothingDeleted(std::move(theirs).error());
  }
  if (!theirs) {
    WEIR_TRY(const bool foreign, hasOtherFiles(files, metadata));
    if (foreign) {
      return notItsOwn(removal);
    }
    removal.damaged.push_back(theirs.error().code() == ErrorCode::kNotFound
                                  ? metadata.data_directory + "/metadata is missing"
                                  : theirs.error().message());
  }
  return ok();
}

Status checkDirectories(fs::FileSystem& files, Removal& removal, const fs::FileInfo& own) {
  auto data = files.stat(removal.metadata.data_directory);
  if (!data && data.error().code() != ErrorCode::kNotFound) {
    return nothingDeleted(std::move(data).error());
  }
  if (data && (data->link || !data->directory)) {
    return notItsOwn(removal);
  }
  if (data && data->identity == own.identity) {
    removal.metadata.data_directory = removal.directory;
    return ok();
  }
  return checkCheckpointDirectory(files, removal);
}

Result<std::vector<snapshot::InUse>> marksIn(fs::FileSystem& files, const std::string& directory) {
  auto marks = snapshot::jobsUsing(files, directory);
  if (!marks && marks.error().code() == ErrorCode::kNotFound) {
    return std::vector<snapshot::InUse>();
  }
  return marks ? std::move(marks) : nothingDeleted(std::move(marks).error());
}

/// Who would recover from it, or from the state that it points to.
Status findUsers(fs::FileSystem& files, Removal& removal) {
  const runtime::CheckpointMetadata& metadata = removal.metadata;
  WEIR_TRY(removal.users, marksIn(files, removal.directory));
  if (!removal.copy_of.empty() || !snapshot::isCheckpointDirectory(metadata.data_directory)) {
    return ok();
  }
  if (removal.points_elsewhere) {
    WEIR_TRY(const auto of_state, marksIn(files, metadata.data_directory));
    removal.users.insert(removal.users.end(), of_state.begin(), of_state.end());
  }
  removal.owners_decide = removal.owners_decide || !removal.points_elsewhere;
  WEIR_TRY(removal.owners, marksIn(files, fs::parentOf(metadata.data_directory)));
  return ok();
}

/// What stays because there is more in it is told, not an error.
Status unlessNotEmpty(Status removed, std::vector<std::string>& staying) {
  if (removed || removed.error().code() != ErrorCode::kFailedPrecondition) {
    return removed;
  }
  staying.push_back(removed.error().message());
  return ok();
}

/// Unless there are other checkpoints in it, or marks of the living.
Status removeJobDirectory(fs::FileSystem& files,
                          const std::string& directory,
                          const std::vector<snapshot::InUse>& gone) {
  auto entries = files.list(directory);
  if (!entries) {
    return entries.error().code() == ErrorCode::kNotFound ? ok() : Status(entries.error());
  }
  const bool only_theirs = entries->size() <= gone.size() &&
                           std::all_of(entries->begin(), entries->end(), [](const auto& entry) {
                             return snapshot::markedJob(entry.name).has_value();
                           });
  if (!only_theirs) {
    return ok();
  }
  for (const snapshot::InUse& one : gone) {
    WEIR_RETURN_IF_ERROR(snapshot::removeMark(files, directory, one.job));
  }
  WEIR_RETURN_IF_ERROR(fs::removeEmptyDirectory(files, directory));
  return ok();
}

Status removeNamed(fs::FileSystem& files,
                   const std::string& directory,
                   const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    WEIR_RETURN_IF_ERROR(files.removeFile(fs::join(directory, name)));
  }
  return ok();
}

Status removeMarks(fs::FileSystem& files, const std::string& directory) {
  const auto users = snapshot::jobsUsing(files, directory);
  if (!users) {
    return users.error();
  }
  for (const snapshot::InUse& user : *users) {
    WEIR_RETURN_IF_ERROR(snapshot::removeMark(files, directory, user.job));
  }
  return ok();
}

}  // namespace

Result<Removal> planRemoval(fs::FileSystem& files,
                            const std::string& directory,
                            const std::string& named,
                            std::uint64_t most_metadata) {
  auto own = files.stat(directory);
  if (own && own->link) {
    return nothingDeleted(Error(ErrorCode::kInvalidArgument,
                                "'" + named + "' is a symbolic link: name what it leads to"));
  }
  auto metadata = snapshot::readDisposed(files, directory, named, most_metadata);
  if (!metadata && metadata.error().code() == ErrorCode::kNotFound) {
    return std::move(metadata).error();
  }
  if (!metadata) {
    return nothingDeleted(std::move(metadata).error());
  }
  if (!own) {
    return nothingDeleted(std::move(own).error());
  }
  Removal removal;
  removal.directory = directory;
  removal.metadata = *std::move(metadata);
  WEIR_TRY(removal.begun, snapshot::isDisposed(files, directory));
  WEIR_TRY(removal.handles_discarded, snapshot::areHandlesDiscarded(files, directory));
  WEIR_RETURN_IF_ERROR(checkDirectories(files, removal, *own));
  WEIR_RETURN_IF_ERROR(findUsers(files, removal));
  auto damaged = snapshot::damagedFiles(files, removal.metadata);
  if (!damaged) {
    return nothingDeleted(std::move(damaged).error());
  }
  removal.damaged.insert(removal.damaged.end(), damaged->begin(), damaged->end());
  if (removal.begun && (removal.handles_discarded || ownedHandles(removal.metadata).empty())) {
    removal.damaged.clear();  // It has begun to delete, and what is missing is no news.
  }
  return removal;
}

Status closeEntry(fs::FileSystem& files, const Removal& removal, std::uint64_t most_metadata) {
  Status begun = snapshot::beginDisposal(files, removal.directory, most_metadata);
  if (!begun) {
    return nothingDeleted(std::move(begun).error());
  }
  crashPoint("disposal.tombstone");
  return ok();
}

Status reopenEntry(fs::FileSystem& files, const Removal& removal, std::uint64_t most_metadata) {
  if (removal.begun) {
    return ok();
  }
  Status opened = snapshot::endDisposalWhole(files, removal.directory, most_metadata);
  if (!opened) {
    return std::move(opened)
        .error()
        .during("the disposal of '" + removal.directory + "' was begun and cannot be taken back")
        .advise("repeat it");
  }
  return opened;
}

Result<std::vector<std::string>> cutShortIn(fs::FileSystem& files, const std::string& directory) {
  std::vector<std::string> paths;
  const auto entries = files.list(directory);
  if (!entries && entries.error().code() == ErrorCode::kNotFound) {
    return paths;
  }
  if (!entries) {
    return entries.error();
  }
  for (const fs::FileInfo& entry : *entries) {
    const std::string path = fs::join(directory, entry.name);
    if (snapshot::isSavepointName(entry.name) &&
        files.stat(fs::join(path, snapshot::kDisposedMetadata)) &&
        !files.stat(fs::join(path, snapshot::kMetadata))) {
      paths.push_back(path);
    }
  }
  return paths;
}

Result<std::vector<std::string>> removeState(fs::FileSystem& files,
                                             const runtime::CheckpointMetadata& metadata,
                                             bool parent_too,
                                             const std::vector<snapshot::InUse>& gone) {
  std::vector<std::string> staying;
  const std::string& directory = metadata.data_directory;
  if (directory.empty()) {
    return staying;  // It lies on the job manager.
  }
  const std::vector<std::string> names = snapshot::dataFiles(metadata);
  if (!snapshot::isCheckpointDirectory(directory, metadata.job, metadata.checkpoint)) {
    WEIR_RETURN_IF_ERROR(removeNamed(files, directory, names));
    crashPoint("disposal.own-data");
    return staying;
  }
  WEIR_RETURN_IF_ERROR(unlessNotEmpty(removeCheckpointDirectory(files, directory, names), staying));
  if (parent_too && !snapshot::sharedFiles(metadata).empty()) {
    const Status removed = snapshot::removeShared(files,
                                                  fs::parentOf(directory),
                                                  snapshot::sharedFiles(metadata),
                                                  snapshot::kMostMetadataBytes);
    if (!removed) {
      staying.push_back(removed.error().text());
    }
  }
  if (parent_too && staying.empty()) {
    WEIR_RETURN_IF_ERROR(removeJobDirectory(files, fs::parentOf(directory), gone));
  }
  crashPoint("disposal.data");
  return staying;
}

Result<std::vector<std::string>> removeHeapState(fs::FileSystem& files,
                                                 const runtime::CheckpointMetadata& metadata,
                                                 bool parent_too) {
  WEIR_TRY(auto told, snapshot::damagedFiles(files, metadata));
  WEIR_TRY(const auto staying, removeState(files, metadata, parent_too));
  told.insert(told.end(), staying.begin(), staying.end());
  return told;
}

Result<std::vector<std::string>> removeEntry(fs::FileSystem& files, const Removal& removal) {
  std::vector<std::string> staying;
  const runtime::CheckpointMetadata& metadata = removal.metadata;
  if (!removal.points_elsewhere &&
      snapshot::isCheckpointDirectory(removal.directory, metadata.job, metadata.checkpoint)) {
    return staying;  // It went with the state.
  }
  WEIR_RETURN_IF_ERROR(unlessNotEmpty(removeProgram(files, removal.directory), staying));
  WEIR_RETURN_IF_ERROR(removeMarks(files, removal.directory));
  WEIR_RETURN_IF_ERROR(snapshot::removeLabel(files, removal.directory));
  crashPoint("disposal.marks");
  WEIR_RETURN_IF_ERROR(snapshot::removeMetadata(files, removal.directory));
  crashPoint("disposal.entry");
  WEIR_TRY(const bool gone, fs::removeEmptyDirectory(files, removal.directory));
  if (!gone) {
    staying.push_back("directory " + removal.directory +
                      " stays, as there is more in it than the savepoint's");
  }
  return staying;
}

Status removeUnfinished(fs::FileSystem& files, const std::string& directory) {
  auto entries = files.list(directory);
  if (!entries) {
    return entries.error().code() == ErrorCode::kNotFound ? ok() : Status(entries.error());
  }
  WEIR_RETURN_IF_ERROR(removeUnfinishedProgram(files, directory));
  WEIR_RETURN_IF_ERROR(removeMarks(files, directory));
  for (const fs::FileInfo& entry : *entries) {
    if (entry.name == snapshot::kMetadata || snapshot::isOwnState(entry.name)) {
      WEIR_RETURN_IF_ERROR(files.removeFile(fs::join(directory, entry.name)));
    }
  }
  WEIR_TRY(const bool gone, fs::removeEmptyDirectory(files, directory));
  return gone ? ok()
              : Status(Error(ErrorCode::kFailedPrecondition,
                             "directory " + directory + " stays: there is more in it"));
}

}  // namespace weir::jobmanager
