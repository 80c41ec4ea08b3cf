#pragma once

/// The variables by which a program learns what its execute() is asked for. Weir sets them, users
/// do not, but for the last one.
namespace weir::program_environment {

/// kGraph or kWorker; unset when the program was started by hand.
inline constexpr const char* kMode = "WEIR_MODE";
inline constexpr const char* kGraph = "graph";    ///< Write the job graph, and end.
inline constexpr const char* kWorker = "worker";  ///< Run subtasks for a task manager.

/// Graph mode: the descriptor to write the graph to, the parallelism of operators that name none,
/// and the configuration of the job as a JSON object.
inline constexpr const char* kGraphDescriptor = "WEIR_GRAPH_FD";
inline constexpr const char* kParallelism = "WEIR_PARALLELISM";
inline constexpr const char* kJobConfiguration = "WEIR_JOB_CONFIG";
/// What is written there begins with one byte: the graph follows, or the sentence why there is
/// none.
inline constexpr char kGraphFrame = 0;
inline constexpr char kErrorFrame = 1;

/// Worker mode: the descriptor of the socket to the task manager, and the worker's own directory,
/// by which its descendants are known.
inline constexpr const char* kWorkerDescriptor = "WEIR_WORKER_FD";
inline constexpr const char* kWorkerDirectory = "WEIR_WORKER_DIRECTORY";

/// Where the configuration lies; for commands and for programs started by hand.
inline constexpr const char* kConfigurationDirectory = "WEIR_CONF_DIR";

}  // namespace weir::program_environment
