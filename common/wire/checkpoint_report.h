#pragma once

#include "client.pb.h"
#include "common/base/result.h"
#include "common/runtime/checkpoint_report.h"

namespace weir::wire {

v1::CheckpointReport toProto(const runtime::CheckpointReport& report);
Result<runtime::CheckpointReport> fromProto(const v1::CheckpointReport& message);

}  // namespace weir::wire
