#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/fs/file_system.h"
#include "common/record/content_hash.h"
#include "common/runtime/checkpoint_metadata.h"
#include "common/schema/key_group.h"
#include "common/state/section.h"

namespace weir::offline {

/// The sections of one operator of a snapshot, open.
struct OperatorSections {
  struct Part {
    std::uint32_t subtask = 0;
    std::uint64_t checksum = 0;  ///< Of the section.
    std::shared_ptr<state::SectionReader> section;
  };
  std::vector<Part> parts;
  std::uint32_t parallelism = 1;
  std::uint32_t max_parallelism = 1;
  state::WindowSchema windows;
};
/// Errors: those of snapshot::SectionOpener, naming the subtask.
Result<OperatorSections> openSections(fs::FileSystem& files,
                                      const runtime::CheckpointMetadata& metadata,
                                      const runtime::SavedOperator& one);

/// One state of a snapshot, over all its subtasks, as entries by key. State that is not by key is
/// read as if it were: that of Checkpointed by its subtask, elements of a list by themselves.
/// On one thread; lives no longer than the sections.
class StateSide {
 public:
  StateSide(const OperatorSections& sections, const runtime::SavedState& state);

  struct Entry {
    std::uint64_t key_hash = 0;  ///< Of key and namespace.
    std::string_view key;
    std::string_view name_space;
    std::string_view value;
  };
  using Each = std::function<Status(const Entry&)>;
  /// All entries in `range`; of operator kinds, which have no groups, simply all.
  Status read(KeyGroupRange range, const Each& each) const;

  /// What is known of a key group without reading it.
  struct Group {
    std::uint64_t entries = 0;
    std::uint64_t bytes = 0;
    std::uint64_t digest = 0;
    bool has_digest = false;
    std::uint64_t section = 0;  ///< Checksum of the section that holds it.
  };
  /// Those with entries. Operator kinds are one group, number 0.
  const std::map<std::uint32_t, Group>& groups() const { return groups_; }
  std::uint64_t valueHash(std::string_view value) const { return value_hash_.of(value); }
  const state::WindowSchema& windows() const { return windows_; }

 private:
  struct Part {
    const state::SectionReader* section = nullptr;
    std::size_t at = 0;
    std::uint32_t subtask = 0;
  };
  Status readElements(const Part& part, const Each& each) const;

  const runtime::SavedState& state_;
  const state::WindowSchema& windows_;  // Of the sections.
  record::ContentHash key_hash_;
  record::ContentHash value_hash_;
  std::vector<Part> parts_;
  std::map<std::uint32_t, Group> groups_;
};

/// Whether a group is equal on both sides without a look at its entries.
bool surelyEqual(const StateSide::Group& one, const StateSide::Group& other);

}  // namespace weir::offline
