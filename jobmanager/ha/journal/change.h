#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "jobmanager/ha/job_store.h"

namespace weir::ha {

struct PutJob {
  runtime::SubmitRequest request;
  std::int64_t submitted_millis = 0;
};
struct RemoveJob {
  JobId job;
};
struct PutCheckpoints {
  JobId job;
  JobCheckpoints checkpoints;
};

/// One write to the store of jobs: what a record of the journal holds.
using Change = std::variant<PutJob, RemoveJob, PutCheckpoints, SavepointAnswer>;

/// As `weir.v1.JournalRecord` (proto/journal.proto).
std::string encodeChange(const Change& change);
/// kInvalidArgument for bytes that are no change that this release knows.
Result<Change> decodeChange(std::string_view bytes);

}  // namespace weir::ha
