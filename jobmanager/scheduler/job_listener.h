#pragma once

#include <functional>

#include "common/base/ids.h"
#include "common/runtime/client_messages.h"

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
  /// It is in a terminal state and will call nothing any more.
  virtual void jobEnded(JobId job) = 0;
};

}  // namespace weir::jobmanager
