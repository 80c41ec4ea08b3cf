#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/schema/schema.h"
#include "common/schema/state_kinds.h"

namespace weir::state {

/// The local files that hold the states of a backend as they were at one instant.
///
/// Tables never change: within one backend's life a name stands for one content, so that snapshots
/// share those that an earlier one has stored. The directory goes with the last copy of this.
struct SharedTables {
  struct Table {
    std::string name;  ///< In the directory.
    std::uint64_t size = 0;
  };
  /// A small one that belongs to this instant alone.
  struct File {
    std::string name;
    std::string bytes;
  };
  struct State {
    StateInfo info;
    std::string family;         ///< What the tables call it.
    std::uint64_t entries = 0;  ///< About.
    std::uint64_t bytes = 0;    ///< Of its tables.
  };

  std::string directory;
  std::vector<Table> tables;
  std::vector<File> files;
  std::vector<State> states;
  record::Schema key_schema;
  bool names_hold_keys = false;  ///< Else the encoded key stands before each value.
  std::shared_ptr<void> kept;    ///< Keeps the directory; shared with copies.
};

}  // namespace weir::state
