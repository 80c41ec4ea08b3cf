#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "common/base/result.h"
#include "common/config/configuration.h"

namespace weir::jobmanager {

/// A job manager with all its parts, wired together: what weir-jobmanager runs.
///
/// Serves from start() to stop() or destruction, on threads of its own. While another job manager
/// leads it waits as standby, and takes over when that one has ended. With recovery.mode:
/// filesystem it serves nobody meanwhile; with zookeeper it says who leads (standby.h), and begins
/// so. Errors: kUnavailable for an address that cannot be listened on, kInvalidArgument or kIo for
/// options and directories that cannot work, each with the next step.
class JobManager {
 public:
  /// Ready, or standby, when it returns: HTTP answers once RPC serves. Signals that the caller
  /// wants to wait for are blocked before. `stepped_down` is told, once and from a thread of its
  /// own, that another job manager became the leader, or that a standby could not: this one does
  /// nothing more and is to be stopped. A leader change (leader_change.h), where it may wait anew.
  static Result<std::unique_ptr<JobManager>> start(
      const config::Configuration& configuration,
      std::function<void(const Error&)> stepped_down = {});
  ~JobManager();
  JobManager(const JobManager&) = delete;
  JobManager& operator=(const JobManager&) = delete;

  /// Ends jobs (their checkpoints stay), or leaves them to the next job manager where the store of
  /// jobs outlives this one; answers everybody who waits, closes all connections, and
  /// joins, within a few seconds. Idempotent.
  void stop();

 private:
  struct Parts;
  explicit JobManager(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace weir::jobmanager
