#include "taskmanager/daemon/supervision/sweeper.h"

#include <array>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "taskmanager/daemon/supervision/spawn.h"

namespace weir::taskmanager {

Result<UniqueFd> startSweeper(const std::string& launcher,
                              const std::string& directory_name,
                              const std::string& group) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) {
    return systemError(errno, "create a pipe");
  }
  const UniqueFd reader(pipe[0]);
  UniqueFd writer(pipe[1]);
  SpawnSpec spec;
  spec.program = launcher;
  spec.arguments = {"weir-launcher", "--sweep", directory_name, group};
  spec.descriptors = {reader.get(), -1, -1};
  WEIR_TRY(const pid_t pid, spawnProcess(std::move(spec)));
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  return writer;
}

}  // namespace weir::taskmanager
