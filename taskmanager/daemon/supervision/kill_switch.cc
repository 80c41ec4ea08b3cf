#include "taskmanager/daemon/supervision/kill_switch.h"

#include <chrono>
#include <utility>

namespace weir::taskmanager {

void KillSwitch::disarm() {
  timer_.reset();
  stack_timer_.reset();
}

void KillSwitch::calm() {
  timer_.reset();
  at_ = SteadyTime::max();
}

void KillSwitch::now(std::string cause) {
  if (cause_.empty()) {
    cause_ = std::move(cause);
  }
  if (process_ != nullptr) {
    process_->kill();
  }
}

void KillSwitch::after(Duration delay, std::string cause) {
  // Timers carry the system's time: a virtual one would not make processes wait.
  const SteadyTime now = std::chrono::steady_clock::now();
  const SteadyTime at = delay > SteadyTime::max() - now ? SteadyTime::max() : now + delay;
  if (at >= at_) {
    return;
  }
  at_ = at;
  timer_ = loop_.schedule(delay, [this, cause = std::move(cause)] { onTime(cause); });
}

void KillSwitch::onTime(const std::string& cause) {
  if (cause.empty() || !cause_.empty() || !has_stacks_ || process_ == nullptr) {
    return now(cause);
  }
  cause_ = cause;
  process_->askForStacks();
  stack_timer_ = loop_.schedule(stack_wait_, [this, cause] { now(cause); });
}

}  // namespace weir::taskmanager
