#pragma once

#include <functional>
#include <string>

#include <sys/types.h>

#include "taskmanager/daemon/supervision/process_table.h"

namespace weir::taskmanager {

/// Children of this process that are no workers: they came to us when their parent, a worker or a
/// child of it, ended. Belongs to one thread.
class Orphans {
 public:
  /// What is asked of those that are found.
  struct Questions {
    std::function<bool(pid_t)> is_worker;
    /// Whether it belongs to a worker that is still there.
    std::function<bool(pid_t)> is_wanted;
  };

  /// `directory`: the name of the directory that marks all that our workers start.
  Orphans(std::string directory, Questions questions)
      : mark_("/" + std::move(directory) + "/"), questions_(std::move(questions)) {}

  /// Some may have come: a worker has ended.
  void expect() { expected_ = true; }
  /// Whether any were there at the last look, or are expected.
  bool mayBeThere() const { return expected_; }
  /// Kills those of workers that have ended, and waits for the dead.
  void reap(const ProcessTable& table);

 private:
  const std::string mark_;
  const Questions questions_;
  bool expected_ = false;
};

}  // namespace weir::taskmanager
