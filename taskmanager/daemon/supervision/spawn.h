#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

#include "common/base/result.h"

namespace weir::taskmanager {

/// A process as this one starts it: no signal blocked, all of them at their default.
struct SpawnSpec {
  std::string program;                   ///< Path.
  std::vector<std::string> arguments;    ///< From argv[0] on.
  std::vector<std::string> environment;  ///< "NAME=value"; nothing else is inherited.
  /// Of ours, what becomes its descriptors 0, 1, 2, ...; -1: /dev/null. Others that are not closed
  /// on exec stay open.
  std::vector<int> descriptors;
  bool own_process_group = false;
};

/// Starts it without fork(): this process may be large and has threads. Errors name the program.
Result<pid_t> spawnProcess(SpawnSpec spec);

}  // namespace weir::taskmanager
