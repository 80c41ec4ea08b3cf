// Task managers, ended jobs and views; the other half of dispatcher.cc.

#include <algorithm>
#include <tuple>
#include <utility>

#include "common/base/overloaded.h"
#include "common/telemetry/log.h"
#include "jobmanager/dispatcher/dispatcher.h"

namespace weir::jobmanager {
namespace {

constexpr std::size_t kRememberedJobs = 100;
constexpr Duration kViewAge = std::chrono::milliseconds(20);
constexpr Duration kStopWait = std::chrono::seconds(10);
constexpr std::string_view kStopping = "the job manager is stopping";

}  // namespace

void Dispatcher::registerTaskManager(runtime::Registration registration,
                                     std::shared_ptr<TaskManagerGateway> gateway,
                                     Callback<std::monostate> done) {
  post([this,
        registration = std::move(registration),
        gateway = std::move(gateway),
        done = std::move(done)] {
    Status added = stopping_ ? Status(Error(ErrorCode::kUnavailable, "the job manager is stopping"))
                             : resources_.add(registration, gateway);
    jobChanged({});
    done(std::move(added));
  });
}

void Dispatcher::report(TaskManagerId from,
                        const TaskManagerGateway* gateway,
                        runtime::TaskManagerReport report) {
  post([this, from, gateway, report = std::move(report)] {
    if (resources_.isCurrent(from, gateway)) {
      reportHere(from, report);
    }
  });
}

void Dispatcher::reportHere(TaskManagerId from, const runtime::TaskManagerReport& report) {
  if (discarder_.report(report)) {
    return;
  }
  const auto tell = [&](JobId id, const runtime::TaskManagerReport& what) {
    if (auto job = jobs_.find(id); job != jobs_.end()) {
      job->second.master->report(from, what);
    }
  };
  std::visit(Overloaded{[&](const runtime::Heartbeat& heartbeat) {
                          resources_.heartbeat(from, heartbeat);
                          jobChanged({});
                        },
                        [&](const std::vector<runtime::TaskUpdate>& updates) {
                          for (const runtime::TaskUpdate& update : updates) {
                            tell(update.execution.job, std::vector{update});
                          }
                        },
                        [&](const runtime::CheckpointAck& ack) { tell(ack.execution.job, report); },
                        [&](const runtime::CheckpointDecline& decline) {
                          tell(decline.execution.job, report);
                        },
                        [](const runtime::HandleDiscarded&) {},  // The discarder has heard it.
                        [&](const runtime::WorkerExited& exited) {
                          tell(exited.execution.job, report);
                          resources_.workerExited(from, exited.execution);
                        },
                        [&](const runtime::ProbeResult&) {
                          for (auto& [id, job] : jobs_) {
                            job.master->report(from, report);
                          }
                        }},
             report);
}

void Dispatcher::taskManagerLost(TaskManagerId id,
                                 const TaskManagerGateway* gateway,
                                 std::string reason) {
  post([this, id, gateway, reason = std::move(reason)] {
    if (resources_.isCurrent(id, gateway)) {
      resources_.remove(id, reason);
    }
  });
}

void Dispatcher::lostHere(TaskManagerId id, const std::string& reason) {
  for (auto& [job_id, job] : jobs_) {
    job.master->taskManagerLost(id, reason);
  }
  discarder_.taskManagerLost(id, reason);
  jobChanged({});
}

// ------------------------------------------------------------------------------------- job's end

void Dispatcher::jobEvent(JobId job, const runtime::JobEvent& event) {
  if (auto found = jobs_.find(job); found != jobs_.end()) {
    std::erase_if(found->second.followers, [&](const JobEventSink& sink) { return !sink(event); });
  }
}

void Dispatcher::jobEnded(JobId job) {
  post([this, job] { retire(job); });  // The job is in the middle of a call.
}

void Dispatcher::retire(JobId job) {
  auto found = jobs_.find(job);
  Ended ended{.view = found->second.master->view(),
              .events = found->second.master->pastEvents(),
              .accepted = std::move(found->second.accepted)};
  switch (ended.view.summary.state) {
    case runtime::JobState::kFinished:
      ++finished_;
      break;
    case runtime::JobState::kCanceled:
      ++cancelled_;
      break;
    default:
      ++failed_;
      break;
  }
  ended_.push_front(std::move(ended));
  if (ended_.size() > std::max(kRememberedJobs, options_.history)) {
    auto refused = std::find_if(
        ended_.rbegin(), ended_.rend(), [](const Ended& one) { return one.refused(); });
    ended_.erase(refused == ended_.rend() ? std::prev(ended_.end()) : std::prev(refused.base()));
  }
  jobs_.erase(found);
  services_.blobs.release(job);
  for (const TaskManagerId id : resources_.ids()) {
    resources_.gateway(id)->send(runtime::ReleaseBlobsOrder{job});
  }
  if (Status removed = services_.store.removeJob(epoch_, job); !removed) {
    log::warn("the store of jobs did not forget an ended job",
              {{"job", job.hex()}, {"reason", removed.error().message()}});
  }
  publish();
  stopIfEmpty();
}

// ----------------------------------------------------------------------------------------- stop

void Dispatcher::stop(std::function<void()> done) {
  post([this, done = std::move(done)] {
    stopped_.push_back(done);
    if (std::exchange(stopping_, true)) {
      return;
    }
    log::info("stopping", {{"jobs", jobs_.size()}});
    for (auto& [id, job] : jobs_) {
      job.master->abandon("the job manager is stopping");
    }
    stop_deadline_ = services_.strand.schedule(kStopWait, [this] {
      for (auto& [id, job] : jobs_) {
        log::warn("a job did not end in time", {{"job", id.hex()}});
        job.master->giveUp();
      }
      discarder_.stop(std::string(kStopping));
    });
    stopIfEmpty();
  });
}

void Dispatcher::stopIfEmpty() {
  if (!stopping_ || !jobs_.empty() || stopped_.empty()) {
    return;
  }
  stop_deadline_ =
      services_.strand.schedule(kStopWait, [this] { discarder_.stop(std::string(kStopping)); });
  savepoints_.discardHeap();
  savepoints_.whenSettled([this] {
    resources_.close("the job manager is stopping");
    publish_timer_.reset();
    stop_deadline_.reset();
    for (std::function<void()>& done : std::exchange(stopped_, {})) {
      done();
    }
  });
}

// ---------------------------------------------------------------------------------------- views

void Dispatcher::jobChanged(JobId /*job*/) {
  if (publish_timer_ == nullptr) {
    publish_timer_ = services_.strand.schedule(kViewAge, [this] {
      publish_timer_.reset();
      publish();
    });
  }
}

void Dispatcher::publish() {
  auto view = std::make_shared<ClusterView>();
  view->now_millis = toEpochMillis(services_.clock.wallNow());
  for (const auto& [id, job] : jobs_) {
    view->running.push_back(job.master->view());
  }
  std::sort(
      view->running.begin(), view->running.end(), [](const JobView& left, const JobView& right) {
        return std::tie(left.summary.start_millis, left.summary.id) <
               std::tie(right.summary.start_millis, right.summary.id);
      });
  for (const Ended* ended : shownEnded()) {
    view->finished.push_back(ended->view);
  }
  view->jobs_finished = finished_;
  view->jobs_cancelled = cancelled_;
  view->jobs_failed = failed_;
  view->task_managers = resources_.views();
  std::lock_guard lock(view_mutex_);
  view_ = std::move(view);
}

std::shared_ptr<const ClusterView> Dispatcher::view() {
  std::lock_guard lock(view_mutex_);
  return view_;
}

}  // namespace weir::jobmanager
