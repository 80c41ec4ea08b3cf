#pragma once

#include <cstdint>
#include <vector>

#include "common/runtime/section_handle.h"

namespace weir::snapshot {

/// What acknowledgements call the states of an operator by, instead of describing them again: a
/// hash of all that is the same in its next snapshot. Never 0.
std::uint64_t descriptionOf(const std::vector<runtime::SavedState>& states);

}  // namespace weir::snapshot
