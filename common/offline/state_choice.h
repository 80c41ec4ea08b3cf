#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "common/runtime/checkpoint_metadata.h"

namespace weir::offline {

/// The operator that a user means by its uid, its id in hex, or its name, in this order. kNotFound,
/// with the nearest and all, when there is none; kInvalidArgument when a name is that of several.
Result<const runtime::SavedOperator*> chooseOperator(const runtime::CheckpointMetadata& metadata,
                                                     std::string_view text);

struct ChosenState {
  const runtime::SavedOperator* op = nullptr;
  const runtime::SavedState* state = nullptr;
};
/// What a user means by "OPERATOR/STATE"; either may have slashes.
Result<ChosenState> chooseState(const runtime::CheckpointMetadata& metadata, std::string_view text);

/// What a user calls an operator: its uid, else its name.
std::string calledBy(const runtime::SavedOperator& one);

}  // namespace weir::offline
