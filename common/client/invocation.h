#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "common/client/console.h"
#include "common/client/job_manager_client.h"
#include "common/config/configuration.h"

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
  bool named = false;        ///< By -m.
};

/// Connects within akka.lookup.timeout's bound for a first contact: to the job manager that -m
/// names; else, with recovery.mode: zookeeper, to the one that leads; else to the configured one.
Result<std::unique_ptr<JobManagerClient>> connect(const Invocation& invocation);
/// "<text> is not a valid ID" unless it is one.
Result<JobId> parseJobId(const std::string& text);
/// What the user typed as a savepoint path, with relative local paths made absolute.
std::string savepointPath(const std::string& typed);
/// What the metadata of a snapshot may have, in bytes.
std::uint64_t mostMetadata(const Invocation& invocation);
/// A wrong use of `command`, said in one line with where help is; the exit status.
int wrongUse(Console& console, const std::string& command, const std::string& why);

}  // namespace weir::client
