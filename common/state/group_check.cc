#include "common/state/group_check.h"

#include <algorithm>
#include <string>

namespace weir::state {

GroupCheck::GroupCheck(const SectionReader& from, std::size_t state, KeyGroupRange range)
    : from_(from), state_(state), range_(range), found_(from.groups(state).size()) {}

Error GroupCheck::wrong(std::uint32_t group, const std::string& what) const {
  return from_.corrupt("key group " + std::to_string(group) + " of state '" +
                       from_.states()[state_].name + "' " + what);
}

Status GroupCheck::add(std::uint32_t group, std::uint64_t hash) {
  const std::vector<GroupSummary>& groups = from_.groups(state_);
  if (at_ >= groups.size() || groups[at_].group != group) {
    const auto found = std::ranges::lower_bound(groups, group, {}, &GroupSummary::group);
    if (found == groups.end() || found->group != group) {
      return wrong(group, "has an entry, but none was written");
    }
    at_ = static_cast<std::size_t>(found - groups.begin());
  }
  ++found_[at_].entries;
  found_[at_].digest += hash;
  return ok();
}

Status GroupCheck::finish() const {
  const std::vector<GroupSummary>& groups = from_.groups(state_);
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (!range_.contains(groups[i].group)) {
      continue;
    }
    if (found_[i].entries != groups[i].entries) {
      return wrong(groups[i].group,
                   "has " + std::to_string(found_[i].entries) + " entries, but " +
                       std::to_string(groups[i].entries) + " were written");
    }
    if (from_.hasDigests() && found_[i].digest != groups[i].digest) {
      return wrong(groups[i].group,
                   "has other entries than were written: their digest is not the one that was "
                   "taken then");
    }
  }
  return ok();
}

}  // namespace weir::state
