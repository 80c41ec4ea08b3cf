#include "common/functions/operator_timers.h"

#include <limits>
#include <optional>
#include <string>

#include "common/state/state_error.h"

namespace weir::functions {

namespace {

constexpr std::size_t kFiredAtOnce = 128;    // Between looks at the lease and at keys that may go.
constexpr std::size_t kFiredByClock = 1024;  // Before the task looks for room again.

}  // namespace

OperatorTimers::OperatorTimers() = default;
OperatorTimers::~OperatorTimers() = default;

Status OperatorTimers::bind(state::KeyedBackend& backend) {
  backend_ = &backend;
  WEIR_RETURN_IF_ERROR(event_.bind(backend, kEventTimers));
  return processing_.bind(backend, kProcessingTimers);
}

Status OperatorTimers::open(
    ProcessingTime& clock, Work& work, const LeaseGlance& glance, Target& target, bool ended) {
  clock_ = &clock;
  work_ = &work;
  glance_ = glance;
  target_ = &target;
  ended_ = ended;
  WEIR_RETURN_IF_ERROR(event_.load());
  WEIR_RETURN_IF_ERROR(processing_.load());
  setAlarm();
  return ok();
}

void OperatorTimers::checkKey(const char* what) const {
  if (backend_->current() == state::kNoSlot) [[unlikely]] {
    throw state::StateError("a timer was " + std::string(what) +
                            " without a key: timers are of the key at hand, and are used from the "
                            "functions that handle a record or a timer");
  }
}

void OperatorTimers::add(TimeDomain domain, std::int64_t time) {
  checkKey("registered");
  if (domain == TimeDomain::kEventTime) {
    return event_.add(time);
  }
  processing_.add(time);
  if (time < alarm_at_) {
    setAlarm();
  }
}

void OperatorTimers::remove(TimeDomain domain, std::int64_t time) {
  checkKey("deleted");
  (domain == TimeDomain::kEventTime ? event_ : processing_).remove(time);
}

bool OperatorTimers::has(TimeDomain domain, std::int64_t time) const {
  checkKey("looked for");
  return (domain == TimeDomain::kEventTime ? event_ : processing_).has(time);
}

std::vector<std::int64_t> OperatorTimers::times(TimeDomain domain) const {
  checkKey("looked for");
  return (domain == TimeDomain::kEventTime ? event_ : processing_).times();
}

void OperatorTimers::advance(std::int64_t watermark) {
  watermark_ = watermark;
  fire(event_, watermark, TimeDomain::kEventTime, std::numeric_limits<std::size_t>::max());
}

void OperatorTimers::endInput() {
  ended_ = true;
  clock_->cancel(*this);
}

void OperatorTimers::ring(std::int64_t now) {
  alarm_at_ = std::numeric_limits<std::int64_t>::max();
  glance_.enforce();
  const AtWork at_work(*work_, 0);
  fire(processing_, now, TimeDomain::kProcessingTime, kFiredByClock);
  target_->onTimersFired();
  setAlarm();
}

void OperatorTimers::setAlarm() {
  alarm_at_ = processing_.earliest();
  if (!ended_ && alarm_at_ != std::numeric_limits<std::int64_t>::max()) {
    clock_->set(*this, alarm_at_);
  }
}

void OperatorTimers::fire(state::Timers& timers,
                          std::int64_t until,
                          TimeDomain domain,
                          std::size_t most) {
  for (std::size_t fired = 0; fired < most; ++fired) {
    const std::optional<std::int64_t> time = timers.next(until);
    if (!time) {
      break;
    }
    target_->onTimer(*time, domain);
    if ((fired + 1) % kFiredAtOnce == 0) {
      glance_.enforce();
      backend_->endBatch();
    }
  }
  backend_->endBatch();
}

}  // namespace weir::functions
