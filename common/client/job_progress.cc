#include "common/client/job_progress.h"

#include <algorithm>

#include "common/base/utf8.h"
#include "common/client/job_events.h"

namespace weir::client {

JobProgress::JobProgress(Console& console,
                         JobManagerClient& client,
                         const JobId& job,
                         Duration quiet)
    : console_(console),
      client_(client),
      job_(job),
      quiet_(quiet),
      thread_([this](const std::stop_token& done) { watch(done); }) {}

JobProgress::~JobProgress() = default;

void JobProgress::heard(const runtime::JobEvent& event) {
  const std::lock_guard lock(mutex_);
  console_.note(describeProgress(event));
  ++events_;
  silent_ = false;
  said_.clear();
  if (const auto* change = std::get_if<runtime::JobStateChange>(&event)) {
    runs_ = change->state == runtime::JobState::kRunning;
  }
  changed_.notify_all();
}

void JobProgress::watch(const std::stop_token& done) {
  std::unique_lock lock(mutex_);
  while (!done.stop_requested()) {
    const std::uint64_t seen = events_;
    const auto news = [&] { return events_ != seen; };
    if (silent_) {
      changed_.wait(lock, done, news);
      continue;
    }
    if (changed_.wait_for(lock, done, quiet_, news) || done.stop_requested()) {
      continue;
    }
    lock.unlock();
    const std::string waits = waiting();
    lock.lock();
    if (news()) {
      continue;
    }
    if (!waits.empty() && waits != said_) {
      console_.note("The job waits " + escaped(waits));
    }
    said_ = waits;
    silent_ = runs_ && waits.empty();
  }
}

std::string JobProgress::waiting() {
  const auto jobs = client_.list(quiet_);
  if (!jobs) {
    return "";
  }
  const auto own = std::ranges::find_if(
      *jobs, [this](const runtime::JobSummary& one) { return one.id == job_; });
  // A restart was announced with its delay.
  return own == jobs->end() || own->state == runtime::JobState::kRestarting ? "" : own->waiting;
}

}  // namespace weir::client
