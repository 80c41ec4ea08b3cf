#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "common/base/clock.h"
#include "common/base/result.h"

namespace weir::client {

/// A program that must do nothing but answer: it ends with the command whatever becomes of that,
/// opens no connection to other machines, reads no input, and leaves no core. Belongs to one
/// thread, which has to live as long as the program.
class ConfinedProcess {
 public:
  /// The descriptor of `socket` in the program.
  static constexpr int kSocket = 3;

  struct Settings {
    std::string path;
    std::vector<std::string> arguments;    ///< Without argv[0].
    std::vector<std::string> environment;  ///< NAME=value, above the inherited ones.
    std::string directory;                 ///< Where it runs; empty: where the command does.
    int socket = -1;                       ///< Becomes kSocket.
    int output = -1;                       ///< Becomes its standard output and standard error.
  };

  static Result<ConfinedProcess> start(const Settings& settings);
  ConfinedProcess(ConfinedProcess&& other) noexcept;
  ConfinedProcess& operator=(ConfinedProcess&&) = delete;
  /// Kills and reaps it, with what it has started in its process group.
  ~ConfinedProcess();

  /// What it holds in memory that no file stands behind, in bytes; 0 when that cannot be told.
  std::uint64_t privateBytes() const;
  /// Its wait status, or nullopt when it still runs after `timeout`.
  std::optional<int> wait(Duration timeout);

 private:
  explicit ConfinedProcess(pid_t pid) : pid_(pid) {}
  pid_t pid_;
  bool reaped_ = false;
};

}  // namespace weir::client
