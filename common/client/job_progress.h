#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "common/client/console.h"
#include "common/client/job_manager_client.h"

namespace weir::client {

/// Prints the events of a job that is followed. When nothing is heard of it for a while, it says
/// what the job waits for, and again when that has changed: how far a restore is.
///
/// Lives as long as the job is followed; nobody else prints meanwhile. Its thread asks the job
/// manager, and an error there stays silent, as who follows the job hears of it.
class JobProgress {
 public:
  JobProgress(Console& console, JobManagerClient& client, const JobId& job, Duration quiet);
  ~JobProgress();
  JobProgress(const JobProgress&) = delete;
  JobProgress& operator=(const JobProgress&) = delete;

  void heard(const runtime::JobEvent& event);

 private:
  void watch(const std::stop_token& done);
  /// What the job waits for; empty: nothing, or nothing that its events do not say.
  std::string waiting();

  Console& console_;          // Borrowed, under mutex_.
  JobManagerClient& client_;  // Borrowed; may be called from any thread.
  const JobId job_;
  const Duration quiet_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::uint64_t events_ = 0;
  bool silent_ = false;  // Until the next event: there is nothing to say.
  std::string said_;     // Last, of what it waits for.
  bool runs_ = false;
  std::jthread thread_;  // Last member: started last, joined first.
};

}  // namespace weir::client
