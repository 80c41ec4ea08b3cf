#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/fs/file_system.h"
#include "common/snapshot/metadata_file.h"

namespace weir::offline {

/// What a mark `in-use-<job id>` says.
struct Claim {
  JobId job;
  std::string holder;           ///< The process behind it, see snapshot/mark_holder.h.
  std::int64_t age_millis = 0;  ///< Since it was written.
};

/// Something in the directories of snapshots that is not as it should be.
struct Finding {
  enum class Kind : std::uint8_t {
    kMissing = 1,    ///< State that a snapshot names and that is not there, or too short.
    kDamaged = 2,    ///< Metadata that cannot be read: nobody knows what it needs.
    kOrphan = 3,     ///< A file of state, or a directory of such, that no snapshot names.
    kUnended = 4,    ///< An export that was cut short.
    kTombstone = 5,  ///< A disposal that was cut short.
    kStaleMark = 6,  ///< A mark of a job whose process is known to be gone.
  };
  Kind kind = Kind::kMissing;
  std::string path;  ///< Of the file, or of the directory that goes as a whole.
  std::string what;
  std::uint64_t size = 0;         ///< In bytes.
  std::int64_t age_millis = 0;    ///< Since anything in it was written.
  std::vector<Claim> claimed_by;  ///< By jobs whose marks say that they need what lies here.
  bool removed = false;           ///< By repair().
  std::string kept;               ///< Why repair() left it; empty: it was not asked to.

  bool isLoss() const { return kind == Kind::kMissing || kind == Kind::kDamaged; }
};

struct FsckSettings {
  /// Before repair() no later than what the storage says, see storage_clock.h.
  std::int64_t now_millis = 0;
  /// What is younger may be about to be named: it is listed, and never removed.
  std::int64_t guard_millis = 60 * 60 * 1000;
  std::uint64_t most_metadata = snapshot::kMostMetadataBytes;
  /// Further directories, whose snapshots may need what lies in those that are looked through;
  /// nothing in them is listed. Those that are not there do not count.
  std::vector<std::string> needed_by = {};
  /// Whether the process that holds a mark is known to be gone; without, none is.
  std::function<bool(const std::string&)> is_gone = {};
};

struct FsckReport {
  std::uint64_t snapshots = 0;  ///< That were read.
  std::vector<Finding> findings;
  bool all_readable = true;  ///< No metadata is damaged, in the further directories neither.

  bool losesState() const;
};

/// Looks through `directories`: of savepoints, of checkpoints (`<job id>/chk-<id>` below), exported
/// ones, or snapshots themselves. What has other names is not looked at. Reads metadata and sizes,
/// no state. Blocks. Errors: those of the file system for a directory that cannot be listed.
Result<FsckReport> fsck(fs::FileSystem& files,
                        const std::vector<std::string>& directories,
                        const FsckSettings& settings);

/// Removes the findings that are orphans, unended exports and stale marks, and ends disposals that
/// were cut short: by the names that workers, exports and intact metadata give, never recursively,
/// nothing that is younger than the guard or that a mark claims, and no state while some metadata
/// cannot be read. Each is looked at again before it goes. What could not be removed says why.
void repair(fs::FileSystem& files, FsckReport& report, const FsckSettings& settings);

}  // namespace weir::offline
