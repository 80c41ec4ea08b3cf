#pragma once

#include <functional>
#include <set>
#include <string>
#include <utility>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/snapshot/use_marks.h"
#include "jobmanager/savepoint/savepoint_owners.h"
#include "jobmanager/savepoint/savepoint_removal.h"

namespace weir::jobmanager {

/// Whether a savepoint may be disposed, or somebody else needs it: a job that would recover from
/// it, here or in another cluster, or the job whose checkpoint it is. Pure logic over what was
/// found of it. Threads: the strand.
class SavepointUse {
 public:
  /// `owners` outlives it. `is_gone`: whether the process that holds a mark is known to be gone;
  /// without it none is.
  SavepointUse(const SavepointOwners& owners, std::function<bool(const std::string&)> is_gone)
      : owners_(owners), is_gone_(std::move(is_gone)) {}

  /// Of one on the heap, from which `users` would recover.
  static Status mayDispose(const std::string& path, const std::set<JobId>& users, bool force);
  /// Of one in files. `force` passes over marks, never over a job that runs here.
  Status mayDispose(const Removal& removal, bool force) const;

  bool isGone(const snapshot::InUse& one) const { return is_gone_ && is_gone_(one.holder); }

 private:
  const SavepointOwners& owners_;  // Borrowed: the dispatcher.
  const std::function<bool(const std::string&)> is_gone_;
};

}  // namespace weir::jobmanager
