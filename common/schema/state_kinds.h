#pragma once

#include <cstdint>
#include <string>
#include <string_view>

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
  kTimer = 9,         ///< Reserved.
};
/// "value", "list", ...: as `info` prints kinds.
std::string_view toString(StateKind kind);
inline bool isKeyed(StateKind kind) {
  return kind != StateKind::kOperator && kind != StateKind::kOperatorList;
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
};

}  // namespace weir::state
