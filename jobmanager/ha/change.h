#pragma once

#include <cstdint>
#include <variant>

#include "common/base/ids.h"
#include "common/runtime/client_messages.h"
#include "jobmanager/ha/checkpoint_pointer.h"
#include "jobmanager/ha/deployed_attempt.h"
#include "jobmanager/ha/operation_records.h"
#include "jobmanager/ha/upgrade_record.h"

/// What is written to the store of jobs. Of a job that is not stored, only PutJob and the removal
/// change something.
namespace weir::ha {

/// Idempotent by the job's id.
struct PutJob {
  runtime::SubmitRequest request;
  std::int64_t submitted_millis = 0;  ///< Zero: now.
};
/// With its checkpoint pointers.
struct RemoveJob {
  JobId job;
};
/// Its client was told that it is being cancelled: no leader goes on with it.
struct CancelJob {
  JobId job;
};
/// Replaces what is known of the checkpoints of a job.
struct PutCheckpoints {
  JobId job;
  JobCheckpoints checkpoints;
};

/// One that begins: how far it has got comes as PutUpgradeProgress. It is kept until it is
/// answered, and its answer for a while.
struct PutUpgrade {
  StoredUpgrade upgrade;
};
/// Replaces what is known of one that is stored.
struct PutUpgradeProgress {
  OperationId operation;
  UpgradeProgress progress;
};

/// One write to the store of jobs. DeployedAttempt: the last attempt of its job. SavepointAnswer
/// and StoredDisposal: added, or in place of the one of this operation.
using Change = std::variant<PutJob,
                            RemoveJob,
                            PutCheckpoints,
                            DeployedAttempt,
                            SavepointAnswer,
                            PutUpgrade,
                            PutUpgradeProgress,
                            CancelJob,
                            StoredDisposal>;

}  // namespace weir::ha
