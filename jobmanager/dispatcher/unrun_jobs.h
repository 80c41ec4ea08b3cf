#pragma once

#include <map>
#include <optional>
#include <vector>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/runtime/client_messages.h"
#include "jobmanager/ha/job_store.h"
#include "jobmanager/ha/leader_store.h"
#include "jobmanager/resources/callback.h"
#include "jobmanager/scheduler/job_view.h"

namespace weir::jobmanager {

/// Stored jobs that cannot run as this job manager is configured: they stay stored, with their
/// files, and are shown with what helps. Threads: the strand.
class UnrunJobs {
 public:
  void add(const ha::StoredJob& job, const Error& why);
  /// Stores that it is not to go on: its files may be out of reach as well, so that whoever can
  /// take it up ends it. The store outlives `this`, and answers nobody after its own end.
  void cancel(JobId job, ha::LeaderStore& store, Callback<std::monostate> done);
  bool contains(JobId job) const { return views_.contains(job); }
  /// What is answered to who asks for one of them.
  std::optional<Error> why(JobId job) const;
  std::vector<JobView> views() const;

 private:
  void cancelled(JobId job);

  std::map<JobId, JobView> views_;
};

}  // namespace weir::jobmanager
