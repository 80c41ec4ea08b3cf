#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "common/base/clock.h"
#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/runtime/messages.h"
#include "taskmanager/daemon/supervision/work.h"
#include "taskmanager/daemon/supervision/worker_settings.h"

namespace weir::taskmanager {

/// What is kept of a worker's work once it has it: who the worker is, what it was given, and
/// how long it may take. A plain value.
struct Assignment {
  runtime::ExecutionId execution;
  std::string token;  ///< What peers show on the data port.
  std::uint32_t self = 0;
  std::uint32_t slots = 1;
  runtime::CheckpointStorage::Kind storage = runtime::CheckpointStorage::Kind::kJobManager;
  std::string job_name;
  std::map<OperatorId, std::string> operator_names;
  Duration cancellation_timeout{};
  Duration program_timeout{};
  std::uint64_t most_accumulators = 0;  ///< Bytes, of one task.
  std::size_t tasks = 0;                ///< Of this worker.
  runtime::TaskId first_task;           ///< Of them; for what concerns the worker as a whole.
  bool discards_handles = false;

  /// Where the job says nothing, or nothing that can be read, `settings` hold.
  static Assignment of(const Work& work, const WorkerSettings& settings);

  /// How sentences name an operator of the job.
  std::string nameOf(OperatorId id) const;
  /// The same for the worker: "worker process of job ... on host-1".
  std::string workerOn(const std::string& host) const;
  /// How lines of its output are marked: "job 'name' (...)", without control characters.
  std::string label() const;
};

/// What the worker, with what it starts, may use in bytes; 0: any.
std::uint64_t memoryLimit(const Assignment& assignment, const WorkerSettings& settings);

/// Whether a worker may report this of one of its tasks: no larger than its accumulators may be,
/// and than a message to the job manager takes. The error is the cause of the job's end.
Status checkUpdate(const runtime::TaskUpdate& update,
                   const Assignment& assignment,
                   const WorkerSettings& settings);

}  // namespace weir::taskmanager
