#pragma once

/// All that a test includes, as <weir/testing.h>; `testing.md` says how to use it.

#include "common/testing/elements.h"           // IWYU pragma: export
#include "common/testing/in_windows.h"         // IWYU pragma: export
#include "common/testing/job.h"                // IWYU pragma: export
#include "common/testing/one_input_harness.h"  // IWYU pragma: export
#include "common/testing/restorable.h"         // IWYU pragma: export
#include "common/testing/snapshot.h"           // IWYU pragma: export
#include "common/testing/source_harness.h"     // IWYU pragma: export
#include "common/testing/two_input_harness.h"  // IWYU pragma: export
