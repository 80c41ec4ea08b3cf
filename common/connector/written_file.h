#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace weir {

/// Lines that a snapshot knows and that were not yet appended to their file, in a file of their
/// own.
struct PendingLines {
  std::string path;
  std::uint64_t bytes = 0;
};

/// A file and how much of it belongs to a snapshot.
struct WrittenFile {
  std::string path;
  std::uint64_t bytes = 0;                 ///< With what is pending.
  std::vector<PendingLines> pending = {};  ///< What the last of those bytes are, in this order.
  std::string job = {};                    ///< Who wrote the snapshot.
  std::uint64_t files = 0;  ///< Beyond this machine: how many `<path>`, `<path>-1`, ... there are.
};

}  // namespace weir
