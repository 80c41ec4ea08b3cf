#pragma once

#include "common/functions/operator.h"
#include "common/functions/task_info.h"
#include "common/state/keyed_backend.h"
#include "common/state/keyed_check.h"

namespace weir::functions {

/// Tries whether the keyed state of `restore` can be taken back into `backend`, whose declared
/// states are bound, and keeps none of it. Where `restore` has states that are not among them, the
/// operator is opened first, so that it asks for them, and closed at the end. All that does not fit
/// goes to `listener`.
void checkKeyed(Operator& self,
                state::KeyedBackend& backend,
                const OperatorRestore& restore,
                const TaskInfo& task,
                state::CheckListener& listener);

}  // namespace weir::functions
