#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "common/base/clock.h"
#include "taskmanager/daemon/supervision/job_manager_link.h"

namespace weir::taskmanager {

/// Whether a worker answers: for how many heartbeats in a row it has said nothing. Pure logic;
/// belongs to one thread.
class Liveness {
 public:
  /// It has said something.
  void heard() { heard_ = true; }
  /// It has answered a lease, so that main() has come to execute().
  void awake() { awake_ = true; }

  /// A heartbeat's interval has passed. Answers how long the worker was silent, if that is longer
  /// than it may be: before it is awake its program may take `program_timeout`. While its reports
  /// are held back (`held`), so are its answers.
  std::optional<Duration> beat(const SessionTerms& terms, Duration program_timeout, bool held) {
    missed_ = std::exchange(heard_, false) || held ? 0 : missed_ + 1;
    const Duration silence = missed_ * terms.heartbeat_interval;
    const Duration most =
        awake_ ? terms.heartbeat_timeout : std::max(program_timeout, terms.heartbeat_timeout);
    return silence > most ? std::optional(silence) : std::nullopt;
  }

 private:
  bool heard_ = false;  // Something since the last beat().
  bool awake_ = false;
  std::int64_t missed_ = 0;
};

}  // namespace weir::taskmanager
