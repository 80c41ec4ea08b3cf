#pragma once

#include "cluster.pb.h"
#include "common/base/result.h"
#include "common/runtime/adoption.h"

namespace weir::wire {

/// Adds to a registration what the task manager holds.
void addHoldings(v1::Registration& to, const runtime::Holdings& holdings);
Result<runtime::Holdings> holdingsOf(const v1::Registration& from);

}  // namespace weir::wire
