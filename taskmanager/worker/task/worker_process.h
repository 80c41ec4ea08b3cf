#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "common/base/lease.h"
#include "common/base/result.h"
#include "common/program/program_graph.h"
#include "common/runtime/check_messages.h"
#include "common/runtime/deployment.h"
#include "taskmanager/worker/task/control_socket.h"

namespace weir::worker {

/// A worker as a process of its own: what it and its task manager say to each other from the
/// first message to the exit. The thread of main(), but where ControlSocket says otherwise.
class WorkerProcess {
 public:
  /// Takes the socket over.
  explicit WorkerProcess(int fd) : socket_(fd) {}

  /// What a worker process is started for: its share of a job, handles to discard, or to say
  /// whether its program can take state back.
  using Work = std::variant<runtime::Deployment, runtime::DiscardHandles, runtime::CheckRestore>;

  /// Introduces itself and waits for its work. kCancelled when the task manager has gone.
  Result<Work> greet();
  /// Runs until everything has ended as ordered; the answer is the exit status. When the task
  /// manager goes away, ends the process at once. `code` is that of the deployment's graph.
  int run(runtime::Deployment deployment, graph::ProgramCode code);
  /// Discards the state handles that `order` names, as long as the task manager is there; the
  /// answer is the exit status.
  int discard(const runtime::DiscardHandles& order, const graph::ProgramCode& code);
  /// Tries to take back what `check` names, as long as somebody listens; the answer is the exit
  /// status, 0 also where something does not fit.
  int check(const runtime::CheckRestore& check, const graph::ProgramCode& code);
  void reportFailure(const Error& error);

 private:
  bool mayDiscard(std::uint64_t index);
  std::optional<ControlSocket::Received> receive();
  std::optional<ControlSocket::Received> takeFirstLease();

  ControlSocket socket_;
  Lease lease_;
};

}  // namespace weir::worker
