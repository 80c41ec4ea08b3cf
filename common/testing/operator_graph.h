#pragma once

#include "common/functions/operator.h"
#include "common/testing/job.h"

namespace weir::testing {

/// What makes the operator that `program` adds last, as a job would run it. Throws
/// JobExecutionException, which says what is wrong with the graph, such as windows of no length.
functions::OperatorFactory lastOperatorOf(const Program& program);

}  // namespace weir::testing
