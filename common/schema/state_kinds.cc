#include "common/schema/state_kinds.h"

namespace weir::state {

std::string_view toString(StateKind kind) {
  switch (kind) {
    case StateKind::kValue:
      return "value";
    case StateKind::kList:
      return "list";
    case StateKind::kReducing:
      return "reducing";
    case StateKind::kFolding:
      return "folding";
    case StateKind::kAggregating:
      return "aggregating";
    case StateKind::kMap:
      return "map";
    case StateKind::kOperator:
      return "operator";
    case StateKind::kOperatorList:
      return "operator list";
    case StateKind::kTimer:
      return "timer";
    case StateKind::kInFlight:
      return "in flight";
  }
  return "unknown";
}

}  // namespace weir::state
