#include "taskmanager/daemon/supervision/spawn.h"

#include <csignal>

#include <fcntl.h>
#include <spawn.h>

#include "common/base/exec_words.h"

namespace weir::taskmanager {

namespace {

/// Of posix_spawn(), freed with it.
struct Setup {
  Setup() {
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
  }
  ~Setup() {
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
  }
  Setup(const Setup&) = delete;
  Setup& operator=(const Setup&) = delete;

  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
};

}  // namespace

Result<pid_t> spawnProcess(SpawnSpec spec) {
  Setup setup;
  for (std::size_t i = 0; i < spec.descriptors.size(); ++i) {
    const int theirs = static_cast<int>(i);
    if (spec.descriptors[i] >= 0) {
      ::posix_spawn_file_actions_adddup2(&setup.actions, spec.descriptors[i], theirs);
    } else {
      ::posix_spawn_file_actions_addopen(&setup.actions, theirs, "/dev/null", O_RDWR, 0);
    }
  }
  sigset_t none;
  sigset_t all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&setup.attributes, &none);
  ::posix_spawnattr_setsigdefault(&setup.attributes, &all);
  int flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
  if (spec.own_process_group) {
    ::posix_spawnattr_setpgroup(&setup.attributes, 0);
    flags |= POSIX_SPAWN_SETPGROUP;
  }
  ::posix_spawnattr_setflags(&setup.attributes, static_cast<short>(flags));
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid,
                                  spec.program.c_str(),
                                  &setup.actions,
                                  &setup.attributes,
                                  pointersTo(spec.arguments).data(),
                                  pointersTo(spec.environment).data());
  if (error != 0) {
    return systemError(error, "start " + spec.program);
  }
  return pid;
}

}  // namespace weir::taskmanager
