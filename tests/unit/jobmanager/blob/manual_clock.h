#pragma once

#include "common/base/clock.h"

namespace weir::blob {

/// A clock that a test moves.
class ManualClock final : public Clock {
 public:
  SteadyTime now() const override { return SteadyTime(elapsed); }
  WallTime wallNow() const override { return {}; }
  Duration elapsed{};
};

}  // namespace weir::blob
