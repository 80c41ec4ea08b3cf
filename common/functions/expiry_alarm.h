#pragma once

#include <cstdint>

#include "common/functions/at_work.h"
#include "common/functions/processing_time.h"
#include "common/state/keyed_backend.h"

namespace weir::functions {

/// Drops what has expired of an operator's keyed state by and by, also where no records come. The
/// operator's; its thread.
class ExpiryAlarm final : private Alarm {
 public:
  /// All outlives this. Rings for the first time soon where there is state that expires, as it may
  /// have been restored; of state that is asked for later once there is.
  void open(state::KeyedBackend& backend, ProcessingTime& time, Work& work) {
    backend_ = &backend;
    time_ = &time;
    work_ = &work;
    backend.setTicker([this](std::int64_t at) { time_->set(*this, at); });
  }
  /// Idempotent; open() may not have been reached.
  void close() {
    if (time_ != nullptr) {
      time_->cancel(*this);
      backend_->setTicker({});
      time_ = nullptr;
    }
  }

 private:
  void ring(std::int64_t /*now*/) override {
    const AtWork at_work(*work_, 0);
    backend_->expiries().tick();
    backend_->endBatch();
  }

  state::KeyedBackend* backend_ = nullptr;
  ProcessingTime* time_ = nullptr;
  Work* work_ = nullptr;
};

}  // namespace weir::functions
