#pragma once

// The whole option table, by subject. allAreas() of option.h lists it.
#include "common/config/connection_options.h"  // IWYU pragma: export
#include "common/config/job_options.h"         // IWYU pragma: export
#include "common/config/process_options.h"     // IWYU pragma: export
#include "common/config/recovery_options.h"    // IWYU pragma: export
#include "common/config/rocksdb_options.h"     // IWYU pragma: export
