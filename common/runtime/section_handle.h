#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/schema/schema.h"
#include "common/schema/state_kinds.h"

namespace weir::runtime {

/// A file that several snapshots of a job may need, in `shared/` beside their directories.
struct SharedFile {
  std::string name;
  std::uint64_t size = 0;
  bool operator==(const SharedFile&) const = default;
};

/// Where one operator section of one subtask's snapshot lies.
struct SectionHandle {
  enum class Storage : std::uint8_t {
    kNone = 0,    ///< The operator had nothing to store.
    kInline = 1,  ///< `bytes` is the section.
    kBlob = 2,    ///< `location` is a key of the job manager's blob store; the whole blob.
    kFile = 3,    ///< `location` is a file URI; in metadata relative to its data directory.
  };
  Storage storage = Storage::kNone;
  std::string location;
  std::string bytes;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::uint64_t checksum = 0;           ///< XXH3-64 of the section.
  std::vector<SharedFile> shared = {};  ///< Of kFile: what it needs beside its own bytes.
  bool operator==(const SectionHandle&) const = default;
};

/// What a section holds, for lists, checks and schema comparison without reading it.
struct SavedState {
  std::string name;
  state::StateKind kind = state::StateKind::kValue;
  record::Schema key;
  record::Schema value;
  bool declared_late = false;
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
  state::ListMode mode = state::ListMode::kNone;  ///< Of operator lists; earlier releases: kNone.
};

/// What changes of a state from one snapshot to the next.
struct StateAmount {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
  bool operator==(const StateAmount&) const = default;
};

/// The state of one operator in one subtask.
struct OperatorSnapshot {
  OperatorId id;
  SectionHandle handle;
  std::vector<SavedState> states;
  /// What the attempt's acknowledgements call `states` but for their amounts. Once a checkpoint has
  /// completed whose acknowledgement had both, those that follow may have `amounts` instead of
  /// `states`, in the same order. 0: they have no such name.
  std::uint64_t description = 0;
  std::vector<StateAmount> amounts = {};
};

}  // namespace weir::runtime
