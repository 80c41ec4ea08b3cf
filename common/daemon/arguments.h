#pragma once

#include <string>
#include <variant>
#include <vector>

namespace weir::daemon {

/// What the command line of a daemon is called and may say, beside --configDir, -D, --help and
/// --version.
struct Description {
  std::string name;       ///< "weir-jobmanager"
  std::string component;  ///< "jobmanager", in the log.
  std::string help;       ///< What --help prints.
  /// Options that set a configuration key: `--host HOST`.
  struct Shortcut {
    std::string option;
    std::string key;
  };
  std::vector<Shortcut> shortcuts;
};

struct Arguments {
  std::string config_directory;        ///< --configDir, else empty.
  std::vector<std::string> overrides;  ///< key=value, in their order.
};

/// The process ends here: text for standard output (status 0) or standard error.
struct Farewell {
  int status = 0;
  std::string text;
};

/// Reads `--option VALUE`, `--option=VALUE`, `-D key=value` and `-Dkey=value`.
std::variant<Arguments, Farewell> parseArguments(const std::vector<std::string>& words,
                                                 const Description& description);

}  // namespace weir::daemon
