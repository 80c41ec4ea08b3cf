#include "taskmanager/daemon/supervision/orphans.h"

#include <csignal>

#include <sys/wait.h>
#include <unistd.h>

namespace weir::taskmanager {

void Orphans::reap(const ProcessTable& table) {
  expected_ = false;
  for (const ProcessInfo& one : table.all()) {
    if (one.parent != ::getpid() || questions_.is_worker(one.pid)) {
      continue;
    }
    expected_ = true;
    const bool wanted = questions_.is_wanted(one.pid);
    if (one.state == 'Z') {
      ::waitpid(one.pid, nullptr, WNOHANG);
    } else if (!wanted && environmentHas(one.pid, kWorkerMark, mark_)) {
      ::kill(one.pid, SIGKILL);
    }
  }
}

}  // namespace weir::taskmanager
