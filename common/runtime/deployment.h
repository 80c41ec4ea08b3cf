#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/graph/shared_graph.h"
#include "common/runtime/job_state.h"
#include "common/runtime/restores.h"

namespace weir::runtime {

/// A file that travels by content: SHA-256 in hex and its size.
struct BlobKey {
  std::string sha256;
  std::uint64_t size = 0;
  auto operator<=>(const BlobKey&) const = default;
};

/// A file of a program under the name it gets in the worker's directory.
struct ProgramFile {
  std::string name;
  BlobKey blob;
};

/// The executable of a job with everything it needs to start anywhere.
struct Program {
  ProgramFile executable;
  std::vector<ProgramFile> libraries;  ///< libweir.so and all that resolved outside /lib, /usr/lib.
  std::vector<ProgramFile> shipped;    ///< --ship: into the working directory.
  std::vector<std::string> arguments;  ///< Without argv[0].
  std::uint32_t default_parallelism = 1;             ///< -p, else parallelism.default.
  std::map<std::string, std::string> configuration;  ///< Keys set by -D or the client's file.
};

/// What a worker process is started from: the program and the graph that it built at submission.
struct JobProgram {
  Program program;
  graph::SharedGraph graph;
};

/// Where the data plane of one worker listens: the data port of its task manager.
struct WorkerEndpoint {
  TaskManagerId task_manager;
  std::string host;
  std::uint16_t data_port = 0;
};

/// Where snapshots of a deployment are written.
struct CheckpointStorage {
  enum class Kind : std::uint8_t { kJobManager = 1, kFileSystem = 2 };
  Kind kind = Kind::kJobManager;
  std::string directory;                  ///< `<checkpointdir>/<job id>` as a URI, for kFileSystem.
  std::uint64_t inline_threshold = 1024;  ///< kFileSystem: sections up to this travel inline.
  std::uint64_t max_state_size = 5 * 1024 * 1024;  ///< kJobManager: bound of one section.
  /// The job manager keeps descriptions of state, so that OperatorSnapshot may say its amounts
  /// only.
  bool keeps_descriptions = false;
};

/// All that one task manager needs to run its share of one attempt of a job. The same message
/// reaches every task manager of the attempt, but for `self` and `restores`.
struct Deployment {
  ExecutionId execution;
  graph::SharedGraph graph;
  Program program;
  std::vector<WorkerEndpoint> workers;
  std::uint32_t self = 0;  ///< Index into `workers` of the addressed one.
  /// placement[vertex][subtask] is an index into `workers`.
  std::vector<std::vector<std::uint32_t>> placement;
  std::string token;  ///< 16 random bytes that peers must show on the data port.
  Restores restores;
  CheckpointStorage storage;
  std::map<std::string, std::string> configuration;  ///< In force for the job: network, timeouts.
  std::uint32_t slots = 1;  ///< Slots that this task manager gives; bounds memory.
  bool stopped = false;     ///< The job has stopped: sources emit nothing, sinks only commit.
};

/// State handles of users' own making that a worker process of their program is to discard, one
/// after another, before it ends. It has no tasks and takes no slot; its job id is its own.
struct DiscardHandles {
  /// A handle as state of the operator that stored it.
  struct Handle {
    OperatorId owner;
    SectionHandle state;
  };
  ExecutionId execution;
  graph::SharedGraph graph;
  Program program;
  std::vector<Handle> handles;  ///< HandleDiscarded and DiscardOrder name them by their index.
  std::map<std::string, std::string> configuration;  ///< In force for the worker: timeouts.
};

}  // namespace weir::runtime
