#pragma once

#include <functional>

#include "common/base/ids.h"
#include "common/runtime/client_messages.h"
#include "jobmanager/ha/job_store.h"

namespace weir::jobmanager {

/// Hears of the jobs as a whole. Called on the strand.
class RegistryListener {
 public:
  virtual ~RegistryListener() = default;
  /// A view shows something else than before, which who is told of it next looks for.
  virtual void jobsChanged() = 0;
  /// As JobListener::jobChanged(), and of changes of its state.
  virtual void jobChanged(JobId job) = 0;
  /// As JobListener::jobEnding().
  virtual void jobEnding(JobId job,
                         const runtime::JobResult& result,
                         std::function<void()> forget) = 0;
  /// A savepoint that an earlier leader had begun has ended so.
  virtual void savepointEnded(const ha::SavepointAnswer& answer) = 0;
  /// The job has ended and is in the archive.
  virtual void jobRetired(JobId job) = 0;
};

}  // namespace weir::jobmanager
