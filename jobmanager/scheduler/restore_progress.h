#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "common/base/clock.h"
#include "common/runtime/messages.h"
#include "common/runtime/restores.h"

namespace weir::jobmanager {

/// How far the tasks of an attempt are with the state that they restore.
///
/// A task counts with what it says that it has read, up to its share: of state that several tasks
/// read parts of, each has an equal one. Lives with its attempt. Threads: the strand.
class RestoreProgress {
 public:
  RestoreProgress() = default;
  RestoreProgress(const runtime::Restores& restores, SteadyTime began);

  /// What a task says of itself; one that runs has read all.
  void heard(const runtime::TaskUpdate& update);

  /// "for 3 of 8 tasks to start: 1.2 GiB of 4.0 GiB are restored, about 12 s are left"; the first
  /// half alone where there is nothing to restore, nothing when no task is `starting`.
  std::string waitsFor(std::size_t starting, std::size_t tasks, SteadyTime now) const;

 private:
  std::string text(SteadyTime now) const;

  struct Share {
    std::uint64_t bytes = 0;
    std::uint64_t done = 0;
  };

  std::map<runtime::TaskId, Share> shares_;
  std::uint64_t total_ = 0;
  std::uint64_t done_ = 0;
  SteadyTime began_{};
};

}  // namespace weir::jobmanager
