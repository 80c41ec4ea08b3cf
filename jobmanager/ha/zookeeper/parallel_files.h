#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/concurrency/executor.h"

namespace weir::ha {

/// Operations on files of one place, side by side, of which each is waited for only so long: one
/// that hangs is given up, and holds no other.
///
/// Threads: run() from one, which waits. `io` runs the operations, has kMost threads for them
/// beside that one, and is shut down before this goes; what an operation that hangs needs lives as
/// long as it does.
class ParallelFiles {
 public:
  /// Operations that run, or hang, at once.
  static constexpr std::size_t kMost = 16;

  struct Piece {
    std::function<Status()> work;
    /// The work went well after it was given up: takes it back.
    std::function<void()> undo = {};
  };

  /// `goes_on` is called on any thread when an operation has ended.
  ParallelFiles(std::string place,
                Duration patience,
                concurrency::Executor& io,
                std::function<void()> goes_on);

  /// The answer of each piece, in their order. kUnavailable for one that is given up, and for one
  /// that did not begin, as too many hang.
  std::vector<Status> run(std::vector<Piece> pieces);

 private:
  struct Shared;
  class Task;
  using Tasks = std::vector<std::shared_ptr<Task>>;

  void start(Piece piece, Tasks& tasks);

  const std::string place_;
  const Duration patience_;
  concurrency::Executor& io_;
  const std::function<void()> goes_on_;
  const std::shared_ptr<Shared> shared_;  // Shared with operations, which may hang.
};

}  // namespace weir::ha
