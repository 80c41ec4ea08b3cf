#pragma once

#include <cstdint>
#include <string>

#include "common/base/ids.h"
#include "common/base/lease.h"

namespace weir::fs {
class FileSystem;
}  // namespace weir::fs

namespace weir::state {
class TierFactory;
}  // namespace weir::state

namespace weir::functions {

class AccumulatorRegistry;

/// Who a subtask is. Constant during an attempt.
struct TaskInfo {
  JobId job;
  std::string job_name;
  AttemptId attempt;
  OperatorId operator_id;
  std::string operator_name;
  std::string task_name;  ///< Name of the chain, as lists show it.
  std::uint32_t subtask = 0;
  std::uint32_t parallelism = 1;
  std::uint32_t max_parallelism = 4096;
  bool checkpointing = false;    ///< The job takes checkpoints.
  const Lease* lease = nullptr;  ///< Of the worker process, which outlives the task; may be null.
  fs::FileSystem* files = nullptr;      ///< Of the process; null where no connector runs.
  state::TierFactory* tiers = nullptr;  ///< Of the worker; null: keyed state is on the heap.
  bool check = false;  ///< Constructed to be checked against a savepoint, not to run.
};

}  // namespace weir::functions
