#pragma once

#include "checkpoint.pb.h"
#include "common/base/result.h"
#include "common/runtime/checkpoint_metadata.h"
#include "common/runtime/section_handle.h"

namespace weir::wire {

v1::StateHandle toProto(const runtime::SectionHandle& handle);
/// An inline handle holds as many bytes as it says.
Result<runtime::SectionHandle> fromProto(const v1::StateHandle& message);

v1::StateInfo toProto(const runtime::SavedState& info);
Result<runtime::SavedState> fromProto(const v1::StateInfo& message);

v1::OperatorSnapshot toProto(const runtime::OperatorSnapshot& snapshot);
Result<runtime::OperatorSnapshot> fromProto(const v1::OperatorSnapshot& message);

v1::CheckpointMetadata toProto(const runtime::CheckpointMetadata& metadata);
/// Subtasks are below their operator's parallelism, and that at most its maximum.
Result<runtime::CheckpointMetadata> fromProto(const v1::CheckpointMetadata& message);

}  // namespace weir::wire
