#include "common/windows/bound_states.h"

namespace weir::windows {

BoundStates::BoundStates() = default;
BoundStates::~BoundStates() = default;

}  // namespace weir::windows
