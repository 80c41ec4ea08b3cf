#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/fs/file_system.h"
#include "common/runtime/checkpoint_metadata.h"
#include "common/snapshot/savepoints.h"

namespace weir::offline {

enum class Change : std::uint8_t { kAdded, kRemoved, kChanged };

/// One entry that differs, as JSON. Values that are long are told by their size.
struct ChangedEntry {
  Change change = Change::kAdded;
  std::string key;     ///< Empty for elements of lists, which have none.
  std::string window;  ///< Empty where the operator is not known to have its state by windows.
  std::string before;  ///< Empty where it was added.
  std::string after;   ///< Empty where it was removed.
};

/// How one state of an operator differs between two snapshots.
struct StateDiff {
  std::optional<runtime::SavedState> before;  ///< Nothing: only the second snapshot has it.
  std::optional<runtime::SavedState> after;
  std::uint64_t added = 0;
  std::uint64_t removed = 0;
  std::uint64_t changed = 0;  ///< Keys whose value is another.
  std::uint64_t equal = 0;
  std::vector<ChangedEntry> examples;  ///< A few of each change.
  std::vector<std::string> notes;      ///< What else differs, or was not compared: a sentence each.

  bool differs() const { return added + removed + changed > 0 || !notes.empty(); }
  /// Values of two schemas are not compared: those of keys that both have may differ.
  bool comparesValues() const { return !before || !after || before->value == after->value; }
  const runtime::SavedState& either() const { return before ? *before : *after; }
};

/// How an operator differs; operators are the same when their ids are.
struct OperatorDiff {
  const runtime::SavedOperator* before = nullptr;  ///< Of the first snapshot's metadata, or null.
  const runtime::SavedOperator* after = nullptr;
  std::vector<std::string> notes;  ///< As "parallelism 2 -> 3".
  std::vector<StateDiff> states;

  bool differs() const;
  const runtime::SavedOperator& either() const { return before != nullptr ? *before : *after; }
};

struct DiffSettings {
  std::size_t most_examples = 3;  ///< Of each change, for each state.
  /// Hashes of entries that are held at once; of more than fit, the entries are read several times.
  std::uint64_t most_memory = std::uint64_t{64} << 20;
  /// Told of bytes that were compared or skipped, of all; false ends it.
  std::function<bool(std::uint64_t, std::uint64_t)> progress = {};
};

struct SnapshotDiff {
  std::vector<OperatorDiff> operators;  ///< In the order of the first, then those that are new.
  std::uint64_t bytes = 0;              ///< Of state, of both.
  std::uint64_t skipped = 0;            ///< Of these, known to be equal without being read.

  bool differs() const;
};

/// Compares two snapshots, which outlive the result, entry by entry.
///
/// Key groups whose digests say that they are equal are skipped, and so are sections of one
/// checksum. Of the rest it holds 16 bytes an entry, up to `most_memory`. Blocks. Errors:
/// kCorruption and those of the file system, naming operator, state and file; kCancelled.
Result<SnapshotDiff> diff(fs::FileSystem& files,
                          const snapshot::Opened& before,
                          const snapshot::Opened& after,
                          const DiffSettings& settings);

}  // namespace weir::offline
