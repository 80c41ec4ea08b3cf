#pragma once

#include <functional>

#include "common/base/ids.h"
#include "common/runtime/client_messages.h"
#include "jobmanager/ha/job_store.h"

namespace weir::jobmanager {

/// Hears what happens to a job. Called on the strand; must not destroy the job inside the call.
class JobListener {
 public:
  virtual ~JobListener() = default;
  virtual void jobEvent(JobId job, const runtime::JobEvent& event) = 0;
  /// Something else that views show.
  virtual void jobChanged(JobId job) = 0;
  /// What it came to is stored, and it is to be forgotten by the store of jobs once `forget` is
  /// called, within the call or later.
  virtual void jobEnding(JobId /*job*/,
                         const runtime::JobResult& /*result*/,
                         std::function<void()> forget) {
    forget();
  }
  /// A savepoint that an earlier leader had begun has ended so.
  virtual void savepointEnded(const ha::SavepointAnswer& answer) = 0;
  /// It is in a terminal state and will call nothing any more.
  virtual void jobEnded(JobId job) = 0;
};

}  // namespace weir::jobmanager
