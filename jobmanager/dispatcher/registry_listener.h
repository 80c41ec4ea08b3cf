#pragma once

#include "common/base/ids.h"

namespace weir::jobmanager {

/// Hears of the jobs as a whole. Called on the strand.
class RegistryListener {
 public:
  virtual ~RegistryListener() = default;
  /// A view shows something else than before. `at_once`: who is told of it next looks for it.
  virtual void jobsChanged(bool at_once) = 0;
  /// The job has ended and is in the archive.
  virtual void jobRetired(JobId job) = 0;
};

}  // namespace weir::jobmanager
