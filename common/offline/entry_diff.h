#pragma once

#include <cstdint>
#include <functional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "common/offline/diff.h"
#include "common/offline/state_side.h"
#include "common/schema/key_group.h"

namespace weir::offline {

/// Compares the entries of one state of two snapshots. One use; borrows all that it is given.
class EntryDiff {
 public:
  /// `values`: both have one schema of values, which are compared too; otherwise keys alone are.
  EntryDiff(const StateSide& before,
            const StateSide& after,
            const DiffSettings& settings,
            bool values,
            StateDiff& to);

  /// Compares key groups, which are the same groups on both sides. `advance` is told of bytes that
  /// were compared, and of those that were skipped; its error ends the comparison.
  using Advance = std::function<Status(std::uint64_t compared, std::uint64_t skipped)>;
  Status byGroups(const Advance& advance);
  /// Compares all with all, where groups do not correspond.
  Status all(const Advance& advance);

 private:
  struct Hashes {
    std::uint64_t key = 0;
    std::uint64_t value = 0;
    auto operator<=>(const Hashes&) const = default;
  };
  using Ranges = std::vector<KeyGroupRange>;
  struct Part {
    std::uint64_t number = 0;  // Of the parts that keys are dealt out to by their hashes.
    std::uint64_t of = 1;
  };

  Status compare(const Ranges& ranges, std::uint64_t entries);
  Status comparePart(const Ranges& ranges, Part part);
  Status load(const StateSide& side, const Ranges& ranges, Part part, std::vector<Hashes>& to);
  void merge(std::vector<Hashes>& before, std::vector<Hashes>& after);
  void note(Change change, std::uint64_t key);
  Status fetchExamples(const Ranges& ranges);
  Status fetch(const StateSide& side,
               const record::Schema& value,
               const Ranges& ranges,
               bool is_before);

  const StateSide& before_;
  const StateSide& after_;
  const DiffSettings& settings_;
  const bool values_;
  StateDiff& to_;
  std::unordered_map<std::uint64_t, std::size_t> wanted_;  // Examples still without text, by key.
  std::uint64_t noted_[3] = {};                            // By change.
};

}  // namespace weir::offline
