#pragma once

#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/fs/file_system.h"
#include "common/runtime/checkpoint_metadata.h"
#include "common/snapshot/metadata_file.h"
#include "common/snapshot/use_marks.h"

/// How savepoints are deleted: only regular files, by names that their manifest gave and that were
/// checked when it was read, in directories that are the manifest's own; never recursively. All of
/// it blocks: call it through FileWork only.
namespace weir::jobmanager {

/// What a disposal would delete.
struct Removal {
  std::string directory;  ///< Of the savepoint, as a URI.
  runtime::CheckpointMetadata metadata;
  std::vector<snapshot::InUse> users;  ///< Of it, and of its state.
  std::vector<snapshot::InUse>
      owners;                     ///< Whose checkpoint holds its state, when those jobs live still.
  bool owners_decide = false;     ///< No other mark would tell that an owner would recover from it.
  bool points_elsewhere = false;  ///< Its state lies in its checkpoint's directory.
  bool begun = false;             ///< By a disposal that was cut short.
  bool handles_discarded = false;    ///< By that one, already.
  std::string copy_of;               ///< The savepoint to which that state belongs, if another.
  std::vector<std::string> damaged;  ///< A sentence for each file that is not whole.
};

/// Looks at everything and touches nothing. An error, after which nothing may be deleted, when
/// there is no intact manifest (`named` is what its user called it), when it names a directory that
/// is not its own, when something else bears the name of its state, or on an I/O error.
Result<Removal> planRemoval(fs::FileSystem& files,
                            const std::string& directory,
                            const std::string& named,
                            std::uint64_t most_metadata = snapshot::kMostMetadataBytes);

/// Ends the life of the savepoint; nothing has changed when it cannot. Begin with it: what comes
/// after can be repeated when it was cut short.
Status closeEntry(fs::FileSystem& files,
                  const Removal& removal,
                  std::uint64_t most_metadata = snapshot::kMostMetadataBytes);
/// Takes closeEntry() back, where nothing was deleted and it was not begun before.
Status reopenEntry(fs::FileSystem& files,
                   const Removal& removal,
                   std::uint64_t most_metadata = snapshot::kMostMetadataBytes);
/// Deletes the state: what the manifest names, and its checkpoint's directory. With `parent_too`
/// also that of the job when there is nothing in it then but the marks of `gone`. Returns a
/// sentence for each directory that stays because there is more in it.
Result<std::vector<std::string>> removeState(fs::FileSystem& files,
                                             const runtime::CheckpointMetadata& metadata,
                                             bool parent_too,
                                             const std::vector<snapshot::InUse>& gone = {});
/// The same of a savepoint on the heap, naming also what was damaged before.
Result<std::vector<std::string>> removeHeapState(fs::FileSystem& files,
                                                 const runtime::CheckpointMetadata& metadata,
                                                 bool parent_too);
/// Deletes the savepoint's own files, its metadata last so that a disposal that was cut short can
/// be repeated, and its directory. Returns sentences as above.
Result<std::vector<std::string>> removeEntry(fs::FileSystem& files, const Removal& removal);

/// The savepoints in this directory whose disposal was begun and not ended, as URIs; none when
/// there is no such directory.
Result<std::vector<std::string>> cutShortIn(fs::FileSystem& files, const std::string& directory);

/// Deletes what writeSavepoint() has made before it went wrong.
Status removeUnfinished(fs::FileSystem& files, const std::string& directory);

}  // namespace weir::jobmanager
