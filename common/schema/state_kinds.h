#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/schema/schema.h"

namespace weir::state {

/// What kind of state an entry of a snapshot is. Append only: the numbers are stored.
enum class StateKind : std::uint8_t {
  kValue = 1,
  kList = 2,
  kReducing = 3,
  kFolding = 4,
  kAggregating = 5,
  kMap = 6,
  kOperator = 7,      ///< Checkpointed<S>: one value per subtask.
  kOperatorList = 8,  ///< ListCheckpointed<S>: elements, redistributed on restore.
  kTimer = 9,         ///< The times of a key's timers, in order.
  kInFlight = 10,     ///< Records that a barrier has overtaken on their way to the operator.
};
/// "value", "list", ...: as `info` prints kinds.
std::string_view toString(StateKind kind);
inline bool isKeyed(StateKind kind) {
  return kind != StateKind::kOperator && kind != StateKind::kOperatorList &&
         kind != StateKind::kInFlight;
}

/// How the elements of a kOperatorList are spread over subtasks when restored.
enum class ListMode : std::uint8_t { kNone = 0, kSplit = 1, kUnion = 2, kBroadcast = 3 };

/// What becomes of restored keyed state that nobody has asked for once open() has returned. Append
/// only: the numbers go on the wire.
enum class Unclaimed : std::uint8_t {
  kKept = 0,     ///< Written on into later snapshots: the same program may ask for it later.
  kRefused = 1,  ///< The task fails for good: state of a savepoint that matches nothing.
  kLeftOut = 2,  ///< Forgotten, as the user wished (-n).
};

/// What is known of a state before it holds anything. `schema` is that of a whole cell: T, for
/// lists a kList of T, for maps a kMap of K and V, for folding and aggregating state Acc.
struct StateInfo {
  std::string name;
  StateKind kind = StateKind::kValue;
  ListMode mode = ListMode::kNone;
  record::Schema schema;
  /// What it was called before, by renamedFrom(): the first of them that a snapshot has, where that
  /// has no state of this name, is this state.
  std::vector<std::string> former_names{};
};

/// Whether the state `now` is the one that a snapshot calls `name`; `known(other)` says whether the
/// snapshot has a state of another name.
template <typename Known>
bool isNowOf(const std::string& now_name,
             const std::vector<std::string>& former_names,
             const std::string& name,
             Known known) {
  if (now_name == name) {
    return true;
  }
  if (known(now_name)) {
    return false;
  }
  for (const std::string& former : former_names) {
    if (former == name || known(former)) {
      return former == name;
    }
  }
  return false;
}

}  // namespace weir::state
