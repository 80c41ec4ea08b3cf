#pragma once

#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>
#include <sys/wait.h>

#include "common/base/clock.h"
#include "common/base/result.h"

namespace weir::client {

/// A program that the command started and that ends with it. Belongs to one thread.
class ChildProcess {
 public:
  struct Settings {
    std::string path;
    std::vector<std::string> arguments;    ///< Without argv[0].
    std::vector<std::string> environment;  ///< NAME=value, above the inherited ones.
    int inherited_descriptor = -1;         ///< Stays open in the child under its number.
    int stdout_descriptor = -1;            ///< Becomes its standard output.
    bool stdout_to_stderr = false;
  };

  static Result<ChildProcess> start(const Settings& settings);
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;
  /// Kills and reaps it if it still runs.
  ~ChildProcess();

  /// Its wait status, or nullopt when it still runs after `timeout`.
  std::optional<int> wait(Duration timeout);
  void kill();

 private:
  explicit ChildProcess(pid_t pid) : pid_(pid) {}
  pid_t pid_;
};

/// "exited with status 3", "was ended by signal 11 (Segmentation fault)".
std::string describeExit(int wait_status);

/// Standard output of a short-lived program, whatever its exit status.
Result<std::string> captureOutput(ChildProcess::Settings settings, Duration timeout);

}  // namespace weir::client
