#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/schema/schema.h"

namespace weir::record {

inline constexpr int kNoField = -1;

/// The struct that state which expires is stored as: what it holds, and when each part of that was
/// last accessed. No member of a user's type is called so.
inline constexpr std::string_view kLastAccess = "last access";
bool isExpiring(const Schema& schema);

/// For each field of struct `now` the index of its field in struct `old`, by name, else by a former
/// name that no other field answers to now; kNoField for added ones.
std::vector<int> matchFields(const Schema& old, const Schema& now);

/// The members of structs in `old`, as "trade.price", that `now`, which is compatible, leaves out.
std::vector<std::string> goneMembers(const Schema& old, const Schema& now);

/// Whether keys of type `old` have the same keyHash(), and so the same key group, as keys of `now`,
/// which is compatible: members may be renamed and widened, but neither added, removed nor moved.
bool keepsKeyHash(const Schema& old, const Schema& now);

}  // namespace weir::record
