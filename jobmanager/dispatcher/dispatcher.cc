#include "jobmanager/dispatcher/dispatcher.h"

#include <utility>

#include "common/runtime/leader_change.h"
#include "common/telemetry/log.h"

namespace weir::jobmanager {
namespace {

constexpr Duration kStopWait = std::chrono::seconds(10);
/// How long a disposal that was cut short waits for jobs that may need what it removes.
constexpr Duration kTakingUp = std::chrono::seconds(10);
constexpr const char* kStopping = "the job manager is stopping";

}  // namespace

Result<std::unique_ptr<Dispatcher>> Dispatcher::open(const DispatcherServices& services,
                                                     DispatcherOptions options) {
  WEIR_TRY(ha::Term term, ha::beginTerm(services.store, options.files.patience));
  std::unique_ptr<Dispatcher> dispatcher(new Dispatcher(services, std::move(options), term.epoch));
  dispatcher->takeUp(std::move(term));
  return dispatcher;
}

void Dispatcher::takeUp(ha::Term term) {
  requests_.remember(term);
  upgrades_.resume(std::move(term.upgrades), term.jobs);
  post([this, wait = term.jobs.empty() ? Duration::zero() : kTakingUp] {
    resume_disposals_ = services_.strand.schedule(wait, [this] { requests_.resumeDisposals(); });
  });
  for (ha::StoredJob& job : term.jobs) {
    post([this, job = std::move(job)] { jobs_.resume(job); });
  }
  post([this] { upgrades_.start(); });
  post([this] { jobsChanged(); });
}

Dispatcher::Dispatcher(const DispatcherServices& services,
                       DispatcherOptions options,
                       LeaderEpoch epoch)
    : services_(services),
      options_(std::move(options)),
      store_(services.store, services.strand, epoch, [this](const Error& why) { stepDown(why); }),
      state_blobs_(services.blobs),
      resources_(services.strand,
                 services.clock,
                 options_.heartbeat_timeout,
                 [this](TaskManagerId id, const std::string& reason) {
                   desk_.lost(id, reason);
                   view_.publishSoon();
                 }),
      discarder_(services.strand, services.random, resources_, services.blobs, {.epoch = epoch}),
      owners_(jobs_),
      savepoints_(
          services.checkpoints(services.userFiles(), state_blobs_, discarder_, options_.files),
          services.random,
          options_.savepoints,
          owners_),
      view_(services.strand, [this](ClusterView& view) { look(view); }),
      jobs_({.common = services.checkpoints(services.io, state_blobs_, discarder_, options_.files),
             .random = services.random,
             .resources = resources_,
             .savepoints = savepoints_,
             .store = store_},
            services.blobs,
            options_,
            *this),
      upgradable_(jobs_, services.blobs, services.files, resources_, options_),
      upgrades_({store_, services.strand, services.clock, upgradable_}, services.random),
      requests_(jobs_, savepoints_, store_, [this] { view_.publish(); }),
      desk_(epoch, resources_, discarder_, jobs_) {
  view_.publish();
}

Dispatcher::~Dispatcher() = default;

void Dispatcher::post(std::function<void()> task) {
  services_.strand.post([alive = std::weak_ptr<bool>(alive_), task = std::move(task)] {
    if (!alive.expired()) {
      task();
    }
  });
}

// -------------------------------------------------------------------------------------- clients

void Dispatcher::submit(runtime::SubmitRequest request, Callback<runtime::SubmitReply> done) {
  auto shared = std::make_shared<runtime::SubmitRequest>(std::move(request));  // Moved out once.
  post([this, shared, done = std::move(done)] { jobs_.submit(std::move(*shared), done); });
}

void Dispatcher::follow(JobId job, JobEventSink sink, Callback<std::monostate> done) {
  post([this, job, sink = std::move(sink), done = std::move(done)] {
    jobs_.follow(job, sink, done);
  });
}

void Dispatcher::list(Callback<std::vector<runtime::JobSummary>> done) {
  post([this, done = std::move(done)] { done(jobs_.summaries()); });
}

void Dispatcher::cancel(JobId job, Callback<std::monostate> done) {
  post([this, job, done = std::move(done)] { jobs_.cancel(job, done); });
}

void Dispatcher::savepoint(runtime::SavepointRequest request,
                           SavepointProgressSink told,
                           Callback<runtime::SavepointResult> done) {
  post([this, request = std::move(request), told = std::move(told), done = std::move(done)] {
    requests_.take(request, told, done);
  });
}

void Dispatcher::upgrade(runtime::UpgradeRequest request,
                         runtime::UpgradeNoticeSink told,
                         Callback<runtime::UpgradeReply> done) {
  post([this, request = std::move(request), told = std::move(told), done = std::move(done)] {
    upgrades_.upgrade(request, told, done);
  });
}

void Dispatcher::dispose(runtime::DisposeRequest request, Callback<runtime::DisposeReply> done) {
  post([this, request = std::move(request), done = std::move(done)] {
    requests_.dispose(request, done);
  });
}

void Dispatcher::checkpoints(JobId job,
                             std::optional<CheckpointId> which,
                             Callback<std::vector<runtime::CheckpointReport>> done) {
  post([this, job, which, done = std::move(done)] { done(jobs_.checkpoints(job, which)); });
}

void Dispatcher::listSavepoints(Callback<std::vector<runtime::SavepointInfo>> done) {
  post([this, done = std::move(done)] { savepoints_.list(done); });
}

void Dispatcher::registerTaskManager(runtime::Registration registration,
                                     runtime::Holdings holdings,
                                     std::shared_ptr<TaskManagerGateway> gateway,
                                     Callback<std::monostate> done) {
  post([this,
        registration = std::move(registration),
        holdings = std::move(holdings),
        gateway = std::move(gateway),
        done = std::move(done)] {
    Status added = desk_.add(registration, holdings, gateway);
    view_.publishSoon();
    done(std::move(added));
  });
}

void Dispatcher::told(TaskManagerId from,
                      const TaskManagerGateway* gateway,
                      runtime::ExecutionId execution) {
  post([this, from, gateway, execution] { desk_.told(from, gateway, execution); });
}

void Dispatcher::report(TaskManagerId from,
                        const TaskManagerGateway* gateway,
                        runtime::TaskManagerReport report) {
  post([this, from, gateway, report = std::move(report)] {
    desk_.report(from, gateway, report);
    view_.publishSoon();
  });
}

void Dispatcher::taskManagerLost(TaskManagerId id,
                                 const TaskManagerGateway* gateway,
                                 std::string reason) {
  post([this, id, gateway, why = std::move(reason)] { desk_.connectionLost(id, gateway, why); });
}

void Dispatcher::look(ClusterView& view) const {
  view.now_millis = toEpochMillis(services_.clock.wallNow());
  jobs_.show(view);
  view.task_managers = resources_.views();
}

void Dispatcher::jobChanged(JobId job) {
  view_.publishSoon();
  upgrades_.changed(job);
}

// ------------------------------------------------------------------------------------------ end

void Dispatcher::close(const Error& why) {
  closed_ = why;
  upgrades_.close(why);
  resume_disposals_.reset();
  jobs_.close(why);
  requests_.close(why);
  desk_.close(why);
}

void Dispatcher::stop(std::function<void()> done) {
  post([this, done = std::move(done)] {
    stopped_.push_back(done);
    if (stepped_down_) {
      ended(kStopping);
    } else if (!closed_) {
      stopHere();
    }
  });
}

void Dispatcher::stopHere() {
  log::info("stopping", {{"jobs", jobs_.size()}});
  if (options_.keeps_jobs) {
    letGo(runtime::leaderChange(kStopping));
    return;
  }
  close(Error(ErrorCode::kUnavailable, kStopping));
  jobs_.forEach([](JobMaster& job) { job.abandon(kStopping); });
  stop_deadline_ = services_.strand.schedule(kStopWait, [this] {
    jobs_.forEach([](JobMaster& job) {
      log::warn("a job did not end in time", {{"job", job.summary().id.hex()}});
      job.giveUp();
    });
    discarder_.stop(kStopping);
  });
  stopIfEmpty();
}

void Dispatcher::jobRetired(JobId job) {
  upgrades_.changed(job);
  stopIfEmpty();
}

void Dispatcher::stopIfEmpty() {
  if (!closed_ || !jobs_.empty() || stopped_.empty()) {
    return;
  }
  stop_deadline_ = services_.strand.schedule(kStopWait, [this] { discarder_.stop(kStopping); });
  savepoints_.discardHeap();
  savepoints_.whenSettled([this] { ended(kStopping); });
}

void Dispatcher::ended(const std::string& reason) {
  resources_.close(reason);
  view_.stop();
  stop_deadline_.reset();
  for (std::function<void()>& done : std::exchange(stopped_, {})) {
    done();
  }
}

void Dispatcher::letGo(const Error& why) {
  store_.endTerm();
  upgrades_.drop(why);
  close(why);
  discarder_.stop(why.message());
  jobs_.drop(why);
  requests_.drop(why);
  ended(why.message());
  view_.publish();
}

void Dispatcher::stepDown(const Error& why) {
  stepped_down_ = true;
  const Error reason =
      runtime::leaderChange("this job manager does not lead any more: " + why.message());
  log::error("this job manager is not the leader any more and steps down",
             {{"reason", why.message()}, {"jobs", jobs_.size()}});
  letGo(reason);
  if (services_.stepped_down) {
    services_.stepped_down(reason);
  }
}

}  // namespace weir::jobmanager
