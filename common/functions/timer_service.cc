#include "common/functions/timer_service.h"

#include <string>

#include "common/functions/operator_timers.h"
#include "common/state/state_error.h"

namespace weir {

functions::OperatorTimers& TimerService::timers(const char* what) const {
  if (timers_ != nullptr) [[likely]] {
    return *timers_;
  }
  if (keyed_) {
    throw state::StateError(std::string("a timer was ") + what +
                            " by a function without onTimer(), where nothing would come of it: "
                            "derive from KeyedProcessFunction or ProcessFunction and override "
                            "onTimer()");
  }
  throw state::StateError(std::string("a timer was ") + what +
                          " on a stream without key: timers belong to keys, so put keyBy() before "
                          "process()");
}

void TimerService::add(TimeDomain domain, std::int64_t time) {
  timers("registered").add(domain, time);
}

void TimerService::remove(TimeDomain domain, std::int64_t time) {
  timers("deleted").remove(domain, time);
}

}  // namespace weir
