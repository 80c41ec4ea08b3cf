#include "taskmanager/worker/operators/chain_time.h"

#include <algorithm>

namespace weir::worker {

/// Stands for an alarm in the time of the task.
class ChainTime::Gate final : public functions::Alarm {
 public:
  Gate(ChainTime& owner, functions::Alarm& alarm) : owner_(owner), alarm_(alarm) {}
  const functions::Alarm& alarm() const { return alarm_; }
  void ring(std::int64_t now) override {
    if (owner_.hasRoom()) {
      alarm_.ring(now);
    } else {
      owner_.waiting_.push_back({&alarm_, now});
    }
  }

 private:
  ChainTime& owner_;
  functions::Alarm& alarm_;
};

ChainTime::ChainTime(functions::ProcessingTime& time,
                     const ChainBackground& background,
                     std::size_t position)
    : time_(time), background_(background), position_(position) {}

ChainTime::~ChainTime() = default;

void ChainTime::set(functions::Alarm& alarm, std::int64_t time) {
  forget(alarm);
  time_.set(gateOf(alarm), time);
}

void ChainTime::cancel(functions::Alarm& alarm) {
  forget(alarm);
  time_.cancel(gateOf(alarm));
}

void ChainTime::ring() {
  while (isReady()) {
    const Waiting first = waiting_.front();
    waiting_.erase(waiting_.begin());
    first.alarm->ring(first.now);
  }
}

void ChainTime::forget(const functions::Alarm& alarm) {
  std::erase_if(waiting_, [&](const Waiting& one) { return one.alarm == &alarm; });
}

ChainTime::Gate& ChainTime::gateOf(functions::Alarm& alarm) {
  const auto found =
      std::ranges::find_if(gates_, [&](const auto& gate) { return &gate->alarm() == &alarm; });
  return found != gates_.end() ? **found
                               : *gates_.emplace_back(std::make_unique<Gate>(*this, alarm));
}

}  // namespace weir::worker
