#pragma once

#include <memory>
#include <string>

#include "common/base/clock.h"
#include "taskmanager/daemon/supervision/io_loop.h"
#include "taskmanager/daemon/supervision/launched_worker.h"

namespace weir::taskmanager {

/// When a worker's process is killed, and why: at once, or when a time is over in which it ought to
/// have ended by itself; it then says first where it hangs. The first cause is the one that counts.
///
/// Lives as long as its worker; the strand (the loop's).
class KillSwitch {
 public:
  /// The loop is borrowed. `stack_wait`: how long the stacks of what hangs may take.
  KillSwitch(IoLoop& loop, Duration stack_wait) : loop_(loop), stack_wait_(stack_wait) {}

  /// There is a process, which outlives this or disarm().
  void arm(LaunchedWorker& process) { process_ = &process; }
  /// It listens to signals, and writes its threads' stacks when asked.
  void expectStacks() { has_stacks_ = true; }
  /// Its end needs no help any more, or was it: timers end.
  void disarm();

  /// Kills it now. An empty cause: nobody needs to know why.
  void now(std::string cause);
  /// Kills it when `delay` is over, unless an earlier time was set.
  void after(Duration delay, std::string cause);
  /// Forgets the time that was set.
  void calm();

  /// Why it is or was killed; empty: it was not, or nobody needs to know.
  const std::string& cause() const { return cause_; }

 private:
  void onTime(const std::string& cause);

  IoLoop& loop_;
  const Duration stack_wait_;
  LaunchedWorker* process_ = nullptr;
  bool has_stacks_ = false;
  std::string cause_;
  SteadyTime at_ = SteadyTime::max();
  std::unique_ptr<IoLoop::Timer> timer_;
  std::unique_ptr<IoLoop::Timer> stack_timer_;
};

}  // namespace weir::taskmanager
