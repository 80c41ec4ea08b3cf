#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/schema/schema.h"
#include "common/schema/state_kinds.h"
#include "common/state/section.h"

namespace weir::rocks {

/// A section whose keyed state lies in tables that snapshots share: which they are, and what says
/// how to read them. What else the section holds follows as a section of its own, in the canonical
/// format. table_manifest.md has every byte.
struct TableManifest {
  struct State {
    state::StateInfo info;
    std::string family;  ///< What the tables call it.
  };
  struct Table {
    std::string name;    ///< What RocksDB calls it.
    std::string shared;  ///< The file, in the job's directory of shared ones.
    std::uint64_t size = 0;
    std::uint64_t checksum = 0;  ///< XXH3-64 of the whole file.
  };
  struct File {
    std::string name;
    std::string bytes;
  };

  record::Schema key_schema;
  bool names_hold_keys = false;
  std::vector<State> states;
  std::vector<Table> tables;
  std::vector<File> files;

  /// What stands before the canonical rest.
  std::string encode() const;
};

/// Whether a section begins with a manifest.
Result<bool> hasManifest(const state::ByteSource& section);

/// A manifest, and where the rest of its section begins.
struct ReadManifest {
  TableManifest manifest;
  std::uint64_t size = 0;
};

/// Errors: kCorruption for any byte that is not as it was written; kInvalidArgument for a version
/// of another release.
Result<ReadManifest> readManifest(const state::ByteSource& section);

}  // namespace weir::rocks
