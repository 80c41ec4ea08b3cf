#include "jobmanager/dispatcher/job_registry.h"

#include <algorithm>
#include <utility>

#include "common/telemetry/log.h"
#include "jobmanager/blob/program_blobs.h"

namespace weir::jobmanager {

JobRegistry::JobRegistry(const JobServices& services,
                         blob::BlobStore& blobs,
                         const DispatcherOptions& options,
                         RegistryListener& listener)
    : services_(services),
      blobs_(blobs),
      options_(options),
      listener_(listener),
      archive_(options.history) {}

void JobRegistry::submit(runtime::SubmitRequest request, Callback<runtime::SubmitReply> done) {
  const JobId id = request.job;
  if (auto known = jobs_.find(id); known != jobs_.end()) {
    if (known->second.accepted) {
      done(*known->second.accepted);
    } else {
      known->second.submitters.push_back(std::move(done));
    }
    return;
  }
  if (auto known = storing_.find(id); known != storing_.end()) {
    known->second.push_back(std::move(done));
    return;
  }
  if (unrun_.contains(id)) {
    done(noJob(id));
    return;
  }
  if (const EndedJob* ended = archive_.find(id); ended != nullptr && ended->accepted) {
    done(*ended->accepted);
    return;
  }
  Status may = closed_ ? Status(*closed_) : checkSubmission(request, options_.limits);
  if (may) {
    may = blobs_.retain(id, blob::keysOf(request.program));
  }
  Result<JobOptions> options =
      may ? optionsOf(options_, services_.common.files, request) : Result<JobOptions>(may.error());
  if (!options) {
    blobs_.release(id);
    done(options.error());
    return;
  }
  storing_[id].push_back(std::move(done));
  store(std::move(request), *std::move(options));
}

void JobRegistry::store(runtime::SubmitRequest request, JobOptions options) {
  auto kept = std::make_shared<runtime::SubmitRequest>(request);  // With the answer.
  services_.store.write(ha::PutJob{std::move(request)},
                        [this, kept, options = std::move(options)](const Status& put) {
                          stored(std::move(*kept), options, put);
                        });
}

void JobRegistry::stored(runtime::SubmitRequest request, JobOptions options, const Status& put) {
  const JobId id = request.job;
  Submitters submitters = std::move(storing_.extract(id).mapped());
  if (!put || closed_) {
    const Error why = put ? *closed_ : Error(put.error()).during("store job " + id.hex());
    if (put) {
      forget(id);
    }
    blobs_.release(id);
    for (auto& done : submitters) {
      done(why);
    }
    listener_.jobRetired(id);
    return;
  }
  JobMaster& master = add(std::move(request), std::move(options));
  jobs_.at(id).submitters = std::move(submitters);
  master.start(std::nullopt,
               [this, id](const Result<runtime::SubmitReply>& reply) { accepted(id, reply); });
}

JobMaster& JobRegistry::add(runtime::SubmitRequest request,
                            JobOptions options,
                            std::int64_t submitted_millis) {
  JobListener& listener = *this;
  Job& job = jobs_[request.job];
  job.master = std::make_unique<JobMaster>(
      services_, std::move(options), std::move(request), listener, submitted_millis);
  return *job.master;
}

void JobRegistry::resume(ha::StoredJob job) {
  const JobId id = job.request.job;
  Result<JobOptions> options = optionsOf(options_, services_.common.files, job.request);
  if (const Status kept = blobs_.retain(id, blob::keysOf(job.request.program)); !kept) {
    // Task managers may still have it; otherwise its attempts say so.
    log::error("a file of the program of a job that is taken up again is not there",
               {{"job", id.hex()}, {"reason", kept.error().text()}});
  }
  if (!options) {
    unrun_.add(job, options.error());
    for (const ha::BegunSavepoint& one : job.checkpoints.begun) {
      listener_.savepointEnded({one.operation, id, options.error()});
    }
    return;
  }
  JobMaster& master = add(std::move(job.request), *std::move(options), job.submitted_millis);
  master.start(
      std::move(job.checkpoints),
      [this, id](const Result<runtime::SubmitReply>& reply) { accepted(id, reply); },
      std::move(job.attempt));
  if (job.cancelled) {
    master.cancel([](const Status&) {});  // Which it refuses where it has ended.
  }
}

void JobRegistry::accepted(JobId job, const Result<runtime::SubmitReply>& reply) {
  auto found = jobs_.find(job);
  if (found == jobs_.end()) {
    return;
  }
  found->second.accepted = reply;
  listener_.jobsChanged();
  for (auto& done : std::exchange(found->second.submitters, {})) {
    done(reply);
  }
}

void JobRegistry::follow(JobId job, JobEventSink sink, const Callback<std::monostate>& done) {
  auto replay = [&](const std::deque<runtime::JobEvent>& events) {
    return std::all_of(
        events.begin(), events.end(), [&](const runtime::JobEvent& event) { return sink(event); });
  };
  if (auto found = jobs_.find(job); found != jobs_.end()) {
    done(ok());
    if (replay(found->second.master->pastEvents())) {
      found->second.followers.push_back(std::move(sink));
    }
  } else if (const EndedJob* ended = archive_.find(job)) {
    done(ok());
    replay(ended->events);
  } else {
    done(noJob(job));
  }
}

void JobRegistry::cancel(JobId job, Callback<std::monostate> done) {
  if (unrun_.contains(job)) {
    unrun_.cancel(job, services_.store, [this, done = std::move(done)](const Status& stored) {
      listener_.jobsChanged();
      done(stored);
    });
    return;
  }
  JobMaster* master = find(job);
  if (master == nullptr) {
    done(noJob(job));
    return;
  }
  master->cancel(std::move(done));
  listener_.jobsChanged();
}

Result<std::vector<runtime::JobSummary>> JobRegistry::summaries() const {
  if (dropped_) {
    return *dropped_;
  }
  return summariesOf(running(), unrun_, archive_);
}

JobMaster* JobRegistry::find(JobId job) const {
  auto found = jobs_.find(job);
  return found == jobs_.end() ? nullptr : found->second.master.get();
}

Error JobRegistry::noJob(JobId job) const {
  if (dropped_) {
    return *dropped_;
  }
  if (const EndedJob* ended = archive_.find(job)) {
    return Error(ErrorCode::kFailedPrecondition,
                 "job " + job.hex() + " has ended: it is " +
                     std::string(toString(ended->view.summary.state)));
  }
  if (const auto why = unrun_.why(job)) {
    return *why;
  }
  return Error(ErrorCode::kNotFound, "Unknown job " + job.hex())
      .advise("`weir list -a` shows the jobs that are known");
}

bool JobRegistry::knows(JobId job) const {
  return jobs_.contains(job) || storing_.contains(job) || unrun_.contains(job) ||
         archive_.find(job) != nullptr;
}

void JobRegistry::forEach(const std::function<void(JobMaster&)>& call) {
  for (auto& [id, job] : jobs_) {
    call(*job.master);
  }
}

void JobRegistry::jobEvent(JobId job, const runtime::JobEvent& event) {
  if (auto found = jobs_.find(job); found != jobs_.end()) {
    std::erase_if(found->second.followers, [&](const JobEventSink& sink) { return !sink(event); });
  }
  if (std::holds_alternative<runtime::JobStateChange>(event)) {
    listener_.jobChanged(job);
  }
}

void JobRegistry::jobEnded(JobId job) {
  services_.common.strand.post([this, alive = std::weak_ptr<bool>(alive_), job] {
    if (!alive.expired() && jobs_.contains(job)) {
      retire(job);  // Not before: the job was in the middle of a call.
    }
  });
}

void JobRegistry::retire(JobId job) {
  auto found = jobs_.find(job);
  archive_.add({.view = found->second.master->view(),
                .events = found->second.master->pastEvents(),
                .accepted = std::move(found->second.accepted)});
  jobs_.erase(found);
  blobs_.release(job);
  for (const TaskManagerId id : services_.resources.ids()) {
    services_.resources.gateway(id)->send(runtime::ReleaseBlobsOrder{job});
  }
  listener_.jobsChanged();
  listener_.jobRetired(job);
}

void JobRegistry::forget(JobId job) {
  services_.store.removeJob(job, [job](const Status& removed) {
    if (!removed) {
      log::warn("the store of jobs did not forget a refused job",
                {{"job", job.hex()}, {"reason", removed.error().message()}});
    }
  });
}

void JobRegistry::drop(const Error& why) {
  close(why);
  dropped_ = why;
  std::vector<Submitters> waiting;
  for (auto& [id, submitters] : std::exchange(storing_, {})) {
    waiting.push_back(std::move(submitters));
  }
  for (auto& [id, job] : jobs_) {
    waiting.push_back(std::move(job.submitters));
  }
  jobs_.clear();
  unrun_ = {};
  for (const Submitters& submitters : waiting) {
    for (const auto& done : submitters) {
      done(why);
    }
  }
}

std::vector<const JobMaster*> JobRegistry::running() const {
  std::vector<const JobMaster*> masters;
  for (const auto& [id, job] : jobs_) {
    masters.push_back(job.master.get());
  }
  return masters;
}

Result<std::vector<runtime::CheckpointReport>> JobRegistry::checkpoints(
    JobId job, std::optional<CheckpointId> which) const {
  if (const JobMaster* master = find(job)) {
    return checkpointsOf(*master, which);
  }
  const EndedJob* ended = archive_.find(job);
  return ended == nullptr ? noJob(job) : checkpointsOf(*ended, which);
}

}  // namespace weir::jobmanager
