#pragma once

/// All that a job program includes, as <weir/weir.h>.

#include "common/accumulators/accumulators.h"        // IWYU pragma: export
#include "common/api/async_data_stream.h"            // IWYU pragma: export
#include "common/api/broadcast_stream.h"             // IWYU pragma: export
#include "common/api/environment.h"                  // IWYU pragma: export
#include "common/api/instantiations.h"               // IWYU pragma: export
#include "common/api/interval_joined.h"              // IWYU pragma: export
#include "common/api/iterative_stream.h"             // IWYU pragma: export
#include "common/api/joined_streams.h"               // IWYU pragma: export
#include "common/api/text.h"                         // IWYU pragma: export
#include "common/connector/discarding_sink.h"        // IWYU pragma: export
#include "common/connector/file_sink.h"              // IWYU pragma: export
#include "common/connector/file_source.h"            // IWYU pragma: export
#include "common/connector/text_file_sink.h"         // IWYU pragma: export
#include "common/functions/async_function.h"         // IWYU pragma: export
#include "common/functions/checkpointed.h"           // IWYU pragma: export
#include "common/functions/functions.h"              // IWYU pragma: export
#include "common/functions/output_tag.h"             // IWYU pragma: export
#include "common/functions/process_function.h"       // IWYU pragma: export
#include "common/functions/rich_function.h"          // IWYU pragma: export
#include "common/functions/runtime_context.h"        // IWYU pragma: export
#include "common/functions/source_function.h"        // IWYU pragma: export
#include "common/functions/time.h"                   // IWYU pragma: export
#include "common/functions/two_phase_commit_sink.h"  // IWYU pragma: export
#include "common/functions/watermark_strategy.h"     // IWYU pragma: export
#include "common/record/names.h"                     // IWYU pragma: export
#include "common/record/serializer.h"                // IWYU pragma: export
#include "common/state/keyed_state.h"                // IWYU pragma: export
#include "common/state/ttl_config.h"                 // IWYU pragma: export
#include "common/windows/evictor.h"                  // IWYU pragma: export
