#include "common/wire/adoption.h"

#include "common/wire/deployment.h"

namespace weir::wire {

void addHoldings(v1::Registration& to, const runtime::Holdings& holdings) {
  for (const runtime::HeldAttempt& one : holdings.attempts) {
    v1::HeldAttempt& held = *to.add_held();
    *held.mutable_execution() = toProto(one.execution);
    held.set_slots(one.slots);
  }
  to.set_newest_epoch(holdings.newest.value());
}

Result<runtime::Holdings> holdingsOf(const v1::Registration& from) {
  runtime::Holdings holdings;
  for (const v1::HeldAttempt& one : from.held()) {
    WEIR_TRY(const runtime::ExecutionId execution, fromProto(one.execution()));
    holdings.attempts.push_back({execution, one.slots()});
  }
  holdings.newest = LeaderEpoch(from.newest_epoch());
  return holdings;
}

}  // namespace weir::wire
