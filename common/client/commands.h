#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/client/console.h"
#include "common/client/job_manager_client.h"
#include "common/config/configuration.h"

/// The commands of `weir`, one function each, after their words have been parsed.
namespace weir::client {

/// Set by SIGINT and SIGTERM.
extern std::atomic<bool> interrupted;

/// What every command starts from.
struct Invocation {
  Console& console;
  const config::Configuration& configuration;
  /// What -D set: travels with a job, above the cluster's own configuration.
  const config::Configuration& overrides;
  rpc::Address job_manager;  ///< -m, else jobmanager.rpc.address:port.
};

struct RunOptions {
  std::uint32_t parallelism = 0;  ///< 0: parallelism.default.
  std::string savepoint;
  bool allow_non_restored = false;
  std::vector<std::string> drop;
  std::vector<std::string> map;  ///< OLD=NEW
  bool detached = false;
  std::vector<std::string> ship;
  std::string program;
  std::vector<std::string> arguments;
};

struct ListOptions {
  bool running = false;
  bool scheduled = false;
  bool all = false;
};

struct CancelOptions {
  std::string job;
  bool with_savepoint = false;
  bool detached = false;  ///< Does not wait until the job has ended.
  std::string directory;
};

struct SavepointOptions {
  std::string job;
  std::string directory;
};

struct DisposeOptions {
  std::string path;
  bool force = false;
  /// Needed only for state handles of the program's own making; may be empty.
  std::string program;
  std::vector<std::string> arguments;  ///< Of the program.
};

int runProgram(const Invocation& invocation, const RunOptions& options);
int showPlan(const Invocation& invocation, const RunOptions& options);
int listJobs(const Invocation& invocation, const ListOptions& options);
int cancelJob(const Invocation& invocation, const CancelOptions& options);
int takeSavepoint(const Invocation& invocation, const SavepointOptions& options);
/// The same as takeSavepoint(), and cancels the job once the savepoint is complete.
int takeSavepointAndCancel(const Invocation& invocation,
                           const JobId& job,
                           const CancelOptions& options);
/// Waits until a job that is being cancelled has ended, and says so; an error when it did not end
/// CANCELED.
Status awaitCancelled(Console& console, JobManagerClient& client, const JobId& job);
int disposeSavepoint(const Invocation& invocation, const DisposeOptions& options);
int listSavepoints(const Invocation& invocation);
int showConfiguration(const Invocation& invocation, const std::string& key);
int checkConfiguration(Console& console, const std::string& file);

/// Connects within akka.client.timeout's bound for a first contact.
Result<std::unique_ptr<JobManagerClient>> connect(const Invocation& invocation);
/// "<text> is not a valid ID" unless it is one.
Result<JobId> parseJobId(const std::string& text);
/// What the user typed as a savepoint path, with relative local paths made absolute.
std::string savepointPath(const std::string& typed);

}  // namespace weir::client
