#include "jobmanager/dispatcher/dispatcher.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "common/base/text.h"
#include "common/telemetry/log.h"

namespace weir::jobmanager {
namespace {

Error stoppingError() { return Error(ErrorCode::kUnavailable, "the job manager is stopping"); }

}  // namespace

Result<std::unique_ptr<Dispatcher>> Dispatcher::open(const DispatcherServices& services,
                                                     DispatcherOptions options) {
  WEIR_TRY(auto epoch, services.store.takeLeadership());
  return std::unique_ptr<Dispatcher>(new Dispatcher(services, std::move(options), epoch));
}

Dispatcher::Dispatcher(const DispatcherServices& services,
                       DispatcherOptions options,
                       LeaderEpoch epoch)
    : services_(services),
      options_(std::move(options)),
      epoch_(epoch),
      state_blobs_(services.blobs),
      resources_(services.strand,
                 services.clock,
                 options_.heartbeat_timeout,
                 [this](TaskManagerId id, const std::string& reason) { lostHere(id, reason); }),
      discarder_(services.strand, services.random, resources_, services.blobs, {.epoch = epoch}),
      savepoints_({services.strand,
                   services.user_io == nullptr ? services.io : *services.user_io,
                   services.clock,
                   services.files,
                   state_blobs_,
                   discarder_,
                   options_.files},
                  services.random,
                  options_.savepoints,
                  *this) {
  publish();
}

Dispatcher::~Dispatcher() = default;

void Dispatcher::post(std::function<void()> task) {
  services_.strand.post([alive = std::weak_ptr<bool>(alive_), task = std::move(task)] {
    if (!alive.expired()) {
      task();
    }
  });
}

// ----------------------------------------------------------------------------------- submission

void Dispatcher::submit(runtime::SubmitRequest request, Callback<runtime::SubmitReply> done) {
  auto shared = std::make_shared<runtime::SubmitRequest>(std::move(request));  // Moved out once.
  post([this, shared, done = std::move(done)] { submitHere(std::move(*shared), done); });
}

void Dispatcher::submitHere(runtime::SubmitRequest request, Callback<runtime::SubmitReply> done) {
  const JobId id = request.job;
  if (auto known = jobs_.find(id); known != jobs_.end()) {
    if (known->second.accepted) {
      done(*known->second.accepted);
    } else {
      known->second.submitters.push_back(std::move(done));
    }
    return;
  }
  if (const Ended* ended = findEnded(id); ended != nullptr && ended->accepted) {
    done(*ended->accepted);
    return;
  }
  auto master = create(std::move(request));
  if (!master) {
    services_.blobs.release(id);
    done(std::move(master).error());
    return;
  }
  jobs_.at(id).submitters.push_back(std::move(done));
  (*master)->start([this, id](const Result<runtime::SubmitReply>& reply) { accepted(id, reply); });
}

Result<JobMaster*> Dispatcher::create(runtime::SubmitRequest request) {
  if (stopping_) {
    return stoppingError();
  }
  if (request.graph.vertices.empty()) {
    return Error(ErrorCode::kInvalidArgument, "job '" + request.graph.name + "' has no operators");
  }
  WEIR_RETURN_IF_ERROR(checkLimits(request.graph, options_.limits));
  if (request.restore && !request.graph.checkpoints.enabled) {
    return Error(ErrorCode::kInvalidArgument,
                 "job '" + request.graph.name +
                     "' cannot start from a savepoint: checkpointing is disabled in its program")
        .advise("enable it with enableCheckpointing()");
  }
  const JobId id = request.job;
  WEIR_RETURN_IF_ERROR(services_.blobs.retain(id, blob::keysOf(request.program)));
  WEIR_TRY(auto options, optionsOf(options_, request));
  options.epoch = epoch_;
  WEIR_RETURN_IF_ERROR(services_.store.putJob(epoch_, request));
  const JobServices services{.common = {services_.strand,
                                        services_.io,
                                        services_.clock,
                                        services_.files,
                                        state_blobs_,
                                        discarder_,
                                        options_.files},
                             .random = services_.random,
                             .resources = resources_,
                             .savepoints = savepoints_,
                             .store = services_.store};
  Job& job = jobs_[id];
  JobListener& listener = *this;
  job.master =
      std::make_unique<JobMaster>(services, std::move(options), std::move(request), listener);
  return job.master.get();
}

void Dispatcher::accepted(JobId job, const Result<runtime::SubmitReply>& reply) {
  auto found = jobs_.find(job);
  if (found == jobs_.end()) {
    return;
  }
  found->second.accepted = reply;
  publish();  // Who is told of a job finds it.
  for (auto& done : std::exchange(found->second.submitters, {})) {
    done(reply);
  }
}

// --------------------------------------------------------------------------------- jobs, clients

void Dispatcher::follow(JobId job, JobEventSink sink, Callback<std::monostate> done) {
  post(
      [this, job, sink = std::move(sink), done = std::move(done)] { followHere(job, sink, done); });
}

void Dispatcher::followHere(JobId job, JobEventSink sink, const Callback<std::monostate>& done) {
  auto replay = [&](const std::deque<runtime::JobEvent>& events) {
    return std::all_of(
        events.begin(), events.end(), [&](const runtime::JobEvent& event) { return sink(event); });
  };
  if (auto found = jobs_.find(job); found != jobs_.end()) {
    done(ok());
    if (replay(found->second.master->pastEvents())) {
      found->second.followers.push_back(std::move(sink));
    }
  } else if (const Ended* ended = findEnded(job)) {
    done(ok());
    replay(ended->events);
  } else {
    done(unknownJob(job));
  }
}

void Dispatcher::list(Callback<std::vector<runtime::JobSummary>> done) {
  post([this, done = std::move(done)] {
    std::vector<runtime::JobSummary> summaries;
    for (const auto& [id, job] : jobs_) {
      summaries.push_back(job.master->summary());
    }
    for (const Ended* ended : shownEnded()) {
      summaries.push_back(ended->view.summary);
    }
    std::sort(summaries.begin(), summaries.end(), [](const auto& left, const auto& right) {
      return std::tie(left.start_millis, left.id) < std::tie(right.start_millis, right.id);
    });
    done(std::move(summaries));
  });
}

std::vector<const Dispatcher::Ended*> Dispatcher::shownEnded() const {
  std::vector<const Ended*> shown;
  std::size_t ran = 0;
  std::size_t refused = 0;
  for (const Ended& ended : ended_) {
    std::size_t& count = ended.refused() ? refused : ran;
    if (++count <= options_.history) {
      shown.push_back(&ended);
    }
  }
  return shown;
}

void Dispatcher::cancel(JobId job, Callback<std::monostate> done) {
  post([this, job, done = std::move(done)] {
    if (auto found = jobs_.find(job); found != jobs_.end()) {
      found->second.master->cancel([this, done](Result<std::monostate> cancelling) {
        publish();
        done(std::move(cancelling));
      });
    } else if (const Ended* ended = findEnded(job)) {
      done(Error(ErrorCode::kFailedPrecondition,
                 "job " + job.hex() + " has ended: it is " +
                     std::string(toString(ended->view.summary.state))));
    } else {
      done(unknownJob(job));
    }
  });
}

Error Dispatcher::unknownJob(JobId job) const {
  return Error(ErrorCode::kNotFound, "Unknown job " + job.hex())
      .advise("`weir list -a` shows the jobs that are known");
}

const Dispatcher::Ended* Dispatcher::findEnded(JobId job) const {
  auto found = std::find_if(
      ended_.begin(), ended_.end(), [&](const Ended& one) { return one.view.summary.id == job; });
  return found == ended_.end() ? nullptr : &*found;
}

// ----------------------------------------------------------------------------------- savepoints

void Dispatcher::savepoint(runtime::SavepointRequest request,
                           SavepointProgressSink progress,
                           Callback<runtime::SavepointResult> done) {
  post(
      [this, request = std::move(request), progress = std::move(progress), done = std::move(done)] {
        progress_[request.operation].push_back(progress);
        if (savepoint_operations_.begin(request.operation, done)) {
          savepointHere(request);
        } else if (!savepoint_operations_.pending(request.operation)) {
          progress_.erase(request.operation);
        }
      });
}

void Dispatcher::savepointHere(const runtime::SavepointRequest& request) {
  const OperationId operation = request.operation;
  auto done = [this, operation, job = request.job](const Result<runtime::SavepointResult>& result) {
    progress_.erase(operation);
    ha::Operation record{.id = operation,
                         .kind = ha::Operation::Kind::kSavepoint,
                         .job = job,
                         .path = result ? result->path : std::string(),
                         .error = result ? std::string() : result.error().text(),
                         .done = true};
    if (Status put = services_.store.putOperation(epoch_, record); !put) {
      log::warn("the store of jobs did not take an operation", {{"reason", put.error().message()}});
    }
    publish();
    savepoint_operations_.finish(operation, result);
  };
  auto found = jobs_.find(request.job);
  if (stopping_) {
    done(stoppingError());
  } else if (found != jobs_.end()) {
    found->second.master->savepoint(
        request,
        [this, operation](const runtime::SavepointProgress& progress) {
          for (const SavepointProgressSink& sink : progress_[operation]) {
            sink(progress);
          }
        },
        done);
  } else if (const Ended* ended = findEnded(request.job)) {
    done(Error(ErrorCode::kFailedPrecondition,
               "job " + request.job.hex() + " has ended: it is " +
                   std::string(toString(ended->view.summary.state))));
  } else {
    done(unknownJob(request.job));
  }
}

void Dispatcher::dispose(runtime::DisposeRequest request, Callback<runtime::DisposeReply> done) {
  post([this, request = std::move(request), done = std::move(done)] {
    if (dispose_operations_.begin(request.operation, done)) {
      savepoints_.dispose(
          request,
          [this, operation = request.operation, path = request.path](
              const Result<runtime::DisposeReply>& reply) {
            if (reply) {
              log::info("savepoint disposed",
                        {{"path", path},
                         {"data", reply->data_later ? "goes with a later checkpoint" : "removed"},
                         {"unreadable", reply->unreadable.size()}});
            } else {
              log::warn(
                  "savepoint not disposed",
                  {{"path", path}, {"reason", cutText(reply.error().text(), kMostLoggedBytes)}});
            }
            dispose_operations_.finish(operation, reply);
          });
    }
  });
}

void Dispatcher::listSavepoints(Callback<std::vector<runtime::SavepointInfo>> done) {
  post([this, done = std::move(done)] { savepoints_.list(done); });
}

bool Dispatcher::releaseSavepoint(JobId job, CheckpointId checkpoint) {
  auto found = jobs_.find(job);
  return found != jobs_.end() && found->second.master->checkpoints().releaseSavepoint(checkpoint);
}

bool Dispatcher::ownsCheckpoint(JobId job, CheckpointId checkpoint) const {
  auto found = jobs_.find(job);
  return found != jobs_.end() && found->second.master->checkpoints().owns(checkpoint);
}

bool Dispatcher::isRunning(JobId job) const { return jobs_.contains(job); }

std::shared_ptr<const runtime::JobProgram> Dispatcher::programOf(JobId job) const {
  auto found = jobs_.find(job);
  return found == jobs_.end() ? nullptr : found->second.master->checkpoints().program();
}

}  // namespace weir::jobmanager
