#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/schema/key_group.h"
#include "common/state/section.h"

namespace weir::state {

/// Compares what somebody has taken out of one state of a section, key group by key group, with the
/// digests that were taken when the section was written. Lives as long as one pass over the state.
class GroupCheck {
 public:
  /// For the groups in `range`. `from` outlives the check.
  GroupCheck(const SectionReader& from, std::size_t state, KeyGroupRange range);

  /// Counts an entry that was found in `group`. Errors: kCorruption where the section has no entry
  /// of that group.
  Status add(std::uint32_t group, std::uint64_t hash);
  /// Errors: kCorruption, naming state, group and file, where entries of a group are missing,
  /// doubled or others. Without digests (version 1) only their number counts.
  Status finish() const;

 private:
  struct Found {
    std::uint64_t entries = 0;
    std::uint64_t digest = 0;
  };
  Error wrong(std::uint32_t group, const std::string& what) const;

  const SectionReader& from_;
  const std::size_t state_;
  const KeyGroupRange range_;
  std::vector<Found> found_;  // By place in from_.groups(state_).
  std::size_t at_ = 0;        // The last one counted: entries come in order of their groups.
};

}  // namespace weir::state
