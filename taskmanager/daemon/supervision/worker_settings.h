#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "common/base/clock.h"
#include "common/daemon/output_sink.h"
#include "taskmanager/daemon/supervision/worker_socket.h"

namespace weir::taskmanager {

/// What holds for all workers of one task manager.
struct WorkerSettings {
  std::string host;                                          ///< As failures name this machine.
  std::string launcher;                                      ///< Path of weir-launcher.
  std::uint64_t memory_per_slot = 0;                         ///< Bytes; 0: not watched.
  Duration hello_timeout = std::chrono::seconds(30);         ///< From spawn to WorkerHello.
  Duration end_timeout = std::chrono::seconds(5);            ///< From its last word to its exit.
  Duration cancellation_timeout = std::chrono::seconds(30);  ///< Unless the job says otherwise.
  Duration program_timeout = std::chrono::seconds(60);       ///< Likewise; up to execute().
  std::uint64_t most_accumulators = 1 << 20;                 ///< The same, in bytes of one task.
  Duration stack_wait = std::chrono::milliseconds(500);      ///< For the stacks of what hangs.
  std::uint64_t most_frame = kMaxFrameBytes;                 ///< Of a message to a worker.
  std::uint64_t most_report = 32 << 20;                      ///< Of one to the job manager.
  std::uint64_t core_bytes = 0;                              ///< Largest core file of a worker.
  std::size_t kept_directories = 0;                          ///< Of failed workers.
  /// Adds what workers get of this task manager's own configuration, secrets of file systems
  /// included, to what their job says. Called from any thread; may be empty.
  std::function<void(std::map<std::string, std::string>&)> configure;
  std::string error_file;                         ///< Where standard error goes, if known.
  daemon::OutputSink* standard_output = nullptr;  ///< Of workers; borrowed.
  daemon::OutputSink* standard_error = nullptr;
};

}  // namespace weir::taskmanager
