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

/// One that begins: how far it has got comes as PutUpgradeProgress.
struct PutUpgrade {
  StoredUpgrade upgrade;
};
struct PutUpgradeProgress {
  OperationId operation;
  UpgradeProgress progress;
};

/// One write to the store of jobs: what a record of the journal holds.
using Change = std::variant<PutJob,
                            RemoveJob,
                            PutCheckpoints,
                            DeployedAttempt,
                            SavepointAnswer,
                            PutUpgrade,
                            PutUpgradeProgress>;

/// As `weir.v1.JournalRecord` (proto/journal.proto).
std::string encodeChange(const Change& change);
/// kInvalidArgument for bytes that are no change that this release knows.
Result<Change> decodeChange(std::string_view bytes);

}  // namespace weir::ha
