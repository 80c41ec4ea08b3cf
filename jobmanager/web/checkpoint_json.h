#pragma once

#include "common/runtime/checkpoint_report.h"
#include "jobmanager/scheduler/job_view.h"
#include "jobmanager/web/job_json.h"

/// A job's checkpoints in JSON: the fields of Flink 1.0, of those that completed, and beside them
/// Weir's own. Included by source files of this folder only.
namespace weir::jobmanager::web {

/// Empty until one has completed or failed. `all` lists every one that is remembered, newest first.
Json jobCheckpoints(const JobView& job);
/// One of them, with what each subtask did.
Json checkpointDetails(const runtime::CheckpointReport& report);

}  // namespace weir::jobmanager::web
