#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "common/api/job_execution_result.h"
#include "common/base/result.h"
#include "common/program/program_graph.h"
#include "common/runtime/deployment.h"

/// What execute() hands a graph to. Declared here, defined by taskmanager/worker and
/// jobmanager/embedded, which the SDK must not know.
namespace weir::api {

/// What a worker process was started for, as far as its program needs to know.
struct WorkerStart {
  runtime::JobProgram submitted;
  /// It discards state handles of users' own making, and has no share of a job.
  bool discards_handles = false;
};

/// Reads from the task manager what this worker process is to do on first use (and ends the process
/// when that does not work); from then on it is constant. Defined by the worker.
const WorkerStart& workerStart();

/// Does what this worker was started for and ends the process. `program` was built by main() and,
/// but for discards, agrees with the submitted graph; an error instead of it is reported as the
/// failure of the worker, from any thread once workerStart() has been asked for. Defined by the
/// worker.
[[noreturn]] void runWorker(Result<graph::ProgramGraph> program);

/// What a program started by hand brings to its local cluster.
struct LocalOptions {
  std::map<std::string, std::string> configuration;  ///< From $WEIR_CONF_DIR.
};

/// Runs the job in this process until it ends. An error is the job's first failure cause. Loads
/// libweir-local.so, which stands beside this library and defines kRunLocalSymbol.
Result<JobExecutionResult> runLocal(graph::ProgramGraph program, const LocalOptions& options);

/// The function that libweir-local.so exports with C linkage under this name.
using RunLocalFunction = void (*)(Result<JobExecutionResult>* result,
                                  graph::ProgramGraph* program,
                                  const LocalOptions* options);
inline constexpr const char* kRunLocalSymbol = "weirRunLocal";

}  // namespace weir::api
