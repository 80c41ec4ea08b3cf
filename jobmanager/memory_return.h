#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "common/concurrency/executor.h"

namespace weir::jobmanager {

/// Has free memory given back to the system once large state or a job has gone.
///
/// Looks once a second at what has gone so far; gives back then, and once more when nothing else
/// has gone for a while, as the last readers may let go late. Threads: those of its executor, which
/// is shut down before this is destroyed.
class MemoryReturn {
 public:
  /// What has gone since the start.
  struct Gone {
    std::uint64_t state_bytes = 0;
    std::uint64_t jobs = 0;
  };

  MemoryReturn(concurrency::Executor& executor,
               std::function<Gone()> gone,
               std::function<void()> give_back)
      : executor_(executor), gone_(std::move(gone)), give_back_(std::move(give_back)) {}

  void start();

 private:
  void look();

  concurrency::Executor& executor_;  // Borrowed from the job manager.
  const std::function<Gone()> gone_;
  const std::function<void()> give_back_;
  Gone seen_;
  int quiet_looks_ = 0;
  std::unique_ptr<concurrency::Executor::Timer> timer_;
};

}  // namespace weir::jobmanager
