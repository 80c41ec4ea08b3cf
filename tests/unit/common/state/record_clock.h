#pragma once

#include <cstdint>
#include <vector>

#include "common/state/keyed_backend.h"

namespace weir::state {

/// The time of day for backends, in milliseconds. With each change another record of the key at
/// hand begins: while one is handled, states go by the time at which they were first used.
class RecordClock {
 public:
  explicit RecordClock(std::int64_t now) : now_(now) {}
  RecordClock(const RecordClock&) = delete;
  RecordClock& operator=(const RecordClock&) = delete;

  void drive(KeyedBackend& backend) {
    backend.setClock([this] { return now_; });
    backends_.push_back(&backend);
  }
  void release(KeyedBackend& backend) { std::erase(backends_, &backend); }

  operator std::int64_t() const { return now_; }
  RecordClock& operator=(std::int64_t now) {
    now_ = now;
    for (KeyedBackend* backend : backends_) {
      backend->setCurrent(backend->current());
    }
    return *this;
  }
  RecordClock& operator+=(std::int64_t more) { return *this = now_ + more; }
  RecordClock& operator-=(std::int64_t less) { return *this = now_ - less; }

 private:
  std::int64_t now_;
  std::vector<KeyedBackend*> backends_;  // Each until it is released.
};

}  // namespace weir::state
