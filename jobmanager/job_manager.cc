#include "jobmanager/job_manager.h"

#include <future>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <unistd.h>

#include "common/base/version.h"
#include "common/concurrency/elastic_pool.h"
#include "common/concurrency/thread_executor.h"
#include "common/config/limit_options.h"
#include "common/config/options.h"
#include "common/config/resolve.h"
#include "common/daemon/daemon.h"
#include "common/daemon/machine.h"
#include "common/daemon/memory.h"
#include "common/fs/file_systems.h"
#include "common/fs/uri.h"
#include "common/remote/remote_file_systems.h"
#include "common/rpc/peer_quota.h"
#include "common/rpc/server.h"
#include "common/runtime/leader_change.h"
#include "common/telemetry/log.h"
#include "jobmanager/blob/adopted_files.h"
#include "jobmanager/blob/blob_directory.h"
#include "jobmanager/blob/blob_store.h"
#include "jobmanager/dispatcher/dispatcher.h"
#include "jobmanager/ha/awaited_files.h"
#include "jobmanager/job_manager_settings.h"
#include "jobmanager/listening.h"
#include "jobmanager/memory_return.h"
#include "jobmanager/recovery.h"
#include "jobmanager/rpc/blob_transfer.h"
#include "jobmanager/rpc/client_service.h"
#include "jobmanager/rpc/cluster_service.h"
#include "jobmanager/standby.h"
#include "jobmanager/standby_start.h"
#include "jobmanager/web/rest_api.h"

namespace weir::jobmanager {
namespace {

constexpr std::chrono::seconds kHangWait{2};   // Whoever waited for file work has given it up.
constexpr std::chrono::seconds kStopWait{10};  // The dispatcher's own limit is shorter.

}  // namespace

/// In the order of their creation; what stands below borrows from what stands above.
struct JobManager::Parts {
  explicit Parts(const config::Configuration& from)
      : configuration(from),
        security(config::Security::resolve(from)),
        io("jm-files", static_cast<std::size_t>(from.get(config::kFilesThreads))),
        user_io("jm-user-files", static_cast<std::size_t>(from.get(config::kFilesUserThreads))) {}

  config::Configuration configuration;
  const config::Security security;  // Of every server of this process.
  SystemClock clock;
  SystemRandom random;
  fs::FileSystems files{remote::fileSystems(configuration)};
  std::unique_ptr<Recovery> recovery;  // With the store of jobs.
  concurrency::ThreadExecutor strand{"jm-strand"};
  concurrency::ElasticPool io;
  concurrency::ElasticPool user_io;  // For paths that users name: these hold up no job.
  concurrency::ElasticPool recovery_io{"jm-recovery", Recovery::kThreads};
  concurrency::ThreadExecutor timers{"jm-heartbeats"};
  std::unique_ptr<blob::BlobDirectory> blob_directory;
  std::optional<blob::AdoptedFiles> programs;  // Where jobs outlive this process.
  std::optional<blob::BlobStore> blobs;
  std::unique_ptr<Dispatcher> dispatcher;
  std::optional<web::RestApi> rest;
  std::unique_ptr<web::HttpServer> http;
  std::optional<Transfers> transfers;
  std::optional<rpc::PeerQuota> calls;
  std::optional<ClientService> clients;
  std::optional<ClusterService> cluster;
  std::unique_ptr<rpc::Server> server;
  std::optional<MemoryReturn> memory;
  Connections limits{};
  KnownPorts known_ports;  // Of when it waited.
  std::function<void(const Error&)> stepped_down;
  bool stopped = false;
  std::size_t hanging = 0;  // Threads of file work, when stopped.
  std::jthread standby;     // Waits to lead, where another one does.

  void standBy(const std::stop_token& stop);
  void leadAndPublish(std::unique_ptr<Standby> waiting, const std::stop_token& stop);
  void leadershipLost(const Error& why) const;
  void cannotLead(const Error& why, const std::stop_token& stop);
  Status lead();
  Status openBlobs();
  Status openDispatcher();
  Status listenHttp();
  Status serveRpc();
  void watchMemory();
};

/// While another one leads. Answers calls meanwhile where there is an election. One that has worked
/// before stands in line also while it cannot answer.
void JobManager::Parts::standBy(const std::stop_token& stop) {
  std::optional<StandbyStart> waiting;
  if (recovery->elects()) {
    const auto start = [this] { return Standby::start(configuration, security, limits); };
    auto started = start();
    if (!started && !(daemon::hasBegunAnew() && StandbyStart::mayPass(started.error()))) {
      stepped_down(Error(started.error()).during("cannot wait as standby"));
      return;
    }
    waiting.emplace(std::move(started), start);
  }
  const Status leads = recovery->awaitLead(stop);
  if (stop.stop_requested()) {
    return;
  }
  if (!leads) {
    stepped_down(Error(leads.error()).during("cannot become the leader"));
    return;
  }
  leadAndPublish(waiting ? waiting->take() : nullptr, stop);
}

void JobManager::Parts::leadAndPublish(std::unique_ptr<Standby> waiting,
                                       const std::stop_token& stop) {
  if (waiting) {
    known_ports = waiting->ports();
    waiting.reset();
  }
  if (const Status leading = lead(); !leading) {
    cannotLead(leading.error(), stop);
    return;
  }
  const auto address = addressOfLeader(
      configuration, {server->port(), http ? http->port() : -1}, dispatcher->epoch());
  if (const Status published = recovery->publish(address); !published) {
    cannotLead(published.error(), stop);
    return;
  }
  recovery->keepPublished(address, stop);
}

void JobManager::Parts::cannotLead(const Error& why, const std::stop_token& stop) {
  stepped_down(recovery->leave(why.during("cannot take over"), stop));
}

/// On a thread of the session. Nothing is ordered from now on (Recovery::leads()), and what is
/// stored is refused; the stop leaves jobs to the next one.
void JobManager::Parts::leadershipLost(const Error& why) const {
  log::error("this job manager does not lead any more", {{"reason", why.text()}});
  stepped_down(runtime::leaderChange("this job manager does not lead any more: " + why.message()));
}

Status JobManager::Parts::lead() {
  WEIR_RETURN_IF_ERROR(recovery->openStore());
  WEIR_RETURN_IF_ERROR(openDispatcher());
  if (!recovery->leads()) {
    return Error(ErrorCode::kFenced, "the session with ZooKeeper is over");
  }
  WEIR_RETURN_IF_ERROR(listenHttp());
  WEIR_RETURN_IF_ERROR(serveRpc());
  if (http) {
    strand.runSync([] {});  // What was taken up is shown from the first answer on.
    http->serve();
  }
  watchMemory();
  log::info("job manager is ready",
            {{"version", releaseVersion()},
             {"rpc_port", server->port()},
             {"web_port", http ? http->port() : -1}});
  return ok();
}

/// In a directory that goes with us, or where the next job manager finds the programs of its jobs.
Status JobManager::Parts::openBlobs() {
  const blob::StateLimits limits{configuration.get(config::kMaxState).bytes,
                                 configuration.get(config::kStateUploadLease)};
  if (recovery->keepsJobs()) {
    programs.emplace(files, *recovery);
    blobs.emplace(*programs, recovery->programs(), clock, random, nullptr, limits);
    return ha::awaitFiles(recovery->fileWait(recovery->programs()),
                          [this] { return blobs->adopt(); });
  }
  const std::string parent = blobParent(configuration);
  for (const std::string& name : blob::removeLeftovers(parent)) {
    log::info("removed what a killed job manager left", {{"path", fs::join(parent, name)}});
  }
  auto made = blob::BlobDirectory::create(parent, random);
  if (!made) {
    return std::move(made)
        .error()
        .during(std::string(config::kBlobDirectory.key))
        .advise("name a directory that can be written to");
  }
  blob_directory = *std::move(made);
  const auto restore = [directory = blob_directory.get()] { return directory->restore(); };
  blobs.emplace(files, blob_directory->path(), clock, random, restore, limits);
  return ok();
}

Status JobManager::Parts::openDispatcher() {
  WEIR_RETURN_IF_ERROR(ha::awaitFiles(recovery->fileWait("the directories of checkpoints"), [this] {
    return makeDirectories(configuration, blobParent(configuration), files);
  }));
  WEIR_RETURN_IF_ERROR(openBlobs());
  config::Warnings warnings;
  WEIR_TRY(auto options, DispatcherOptions::from(configuration, warnings));
  options.machine = daemon::machineId();
  if (recovery->keepsJobs()) {
    WEIR_RETURN_IF_ERROR(options.keepJobs(warnings));
  }
  for (const std::string& warning : warnings) {
    log::warn(warning);
  }
  WEIR_TRY(
      dispatcher,
      Dispatcher::open(
          {strand, io, clock, random, files, *blobs, recovery->store(), &user_io, stepped_down},
          std::move(options)));
  return ok();
}

Status JobManager::Parts::listenHttp() {
  rest.emplace(webSettings(configuration), [this] { return dispatcher->view(); });
  WEIR_TRY(
      http,
      listenForHttp(configuration, security, limits, known_ports, [this](std::string_view path) {
        return rest->get(path);
      }));
  return ok();
}

Status JobManager::Parts::serveRpc() {
  WEIR_TRY(const auto heartbeat, config::resolveHeartbeat(configuration));
  transfers.emplace(*blobs,
                    clock,
                    TransferLimits{sizeOf(configuration.get(config::kBlobConcurrent)),
                                   configuration.get(config::kBlobIdle),
                                   configuration.get(config::kBlobLeastRate).bytes});
  calls.emplace("calls", config::kRpcMaxCalls.key, sizeOf(configuration.get(config::kRpcMaxCalls)));
  clients.emplace(*dispatcher, *blobs, *transfers, *calls);
  cluster.emplace(
      *dispatcher,
      *transfers,
      *calls,
      timers,
      ClusterService::Settings{
          heartbeat.interval,
          heartbeat.timeout,
          configuration.get(config::kRpcSilence),
          std::string(releaseVersion()),
          dispatcher->epoch(),
          recovery->keepsJobs() ? configuration.get(config::kAdoptionTimeout) : Duration::zero(),
          configuration.get(config::kMaxDeploymentSize).bytes,
          configuration.get(config::kRpcMaxMessage).bytes,
          ClusterService::Settings().max_unread,
          [this] { return recovery->leads(); }});
  WEIR_TRY(server, listenForRpc(configuration, known_ports, [this](const rpc::Address& address) {
             return rpc::Server::start(address,
                                       {&clients->service(), &cluster->service()},
                                       security,
                                       serverLimits(configuration, limits));
           }));
  return ok();
}

void JobManager::Parts::watchMemory() {
  memory.emplace(
      timers,
      [this] {
        const auto view = dispatcher->view();
        return MemoryReturn::Gone{
            .state_bytes = blobs->state().released(),
            .jobs = view->jobs_finished + view->jobs_cancelled + view->jobs_failed};
      },
      daemon::returnFreeMemory);
  memory->start();
}

JobManager::JobManager(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
JobManager::~JobManager() {
  stop();
  if (parts_->hanging > 0) {
    static_cast<void>(parts_.release());  // Threads that hang may still come back to it.
  }
}

Result<std::unique_ptr<JobManager>> JobManager::start(
    const config::Configuration& configuration, std::function<void(const Error&)> stepped_down) {
  WEIR_RETURN_IF_ERROR(config::checkJobManager(configuration));
  auto parts = std::make_unique<Parts>(configuration);
  parts->limits = connectionLimits(configuration);
  parts->stepped_down = [told = std::move(stepped_down)](const Error& why) {
    if (told) {
      told(why);
    }
  };
  // Owns the parts from here, so that a start that fails half-way ends in order as well.
  std::unique_ptr<JobManager> manager(new JobManager(std::move(parts)));
  Parts& own = *manager->parts_;
  WEIR_TRY(own.recovery,
           Recovery::open({own.configuration, own.files, own.recovery_io, own.random},
                          [&own](const Error& why) { own.leadershipLost(why); }));
  WEIR_TRY(const bool leads, own.recovery->leadsNow());
  if (leads) {
    WEIR_RETURN_IF_ERROR(own.lead());
  } else {
    own.standby = std::jthread([&own](const std::stop_token& stop) { own.standBy(stop); });
  }
  return manager;
}

void JobManager::stop() {
  Parts& parts = *parts_;
  if (std::exchange(parts.stopped, true)) {
    return;
  }
  constexpr const char* kReason = "the job manager is stopping";
  parts.standby.request_stop();
  if (parts.standby.joinable()) {
    parts.standby.join();  // It may have begun to lead.
  }
  if (parts.server) {  // Else nobody could have asked for anything.
    auto ended = std::make_shared<std::promise<void>>();  // Shared with a late answer.
    parts.dispatcher->stop([ended] { ended->set_value(); });
    if (ended->get_future().wait_for(kStopWait) != std::future_status::ready) {
      log::warn("jobs did not end in time; the job manager stops without them");
    }
  }
  if (parts.server) {
    parts.clients->stop(parts.recovery->keepsJobs() ? runtime::leaderChange(kReason)
                                                    : Error(ErrorCode::kUnavailable, kReason));
    parts.cluster->stop(kReason);
    parts.server->shutdown();
    parts.transfers->stop();
  }
  if (parts.http) {
    parts.http->stop();
  }
  if (parts.recovery) {
    parts.recovery->close();  // From here on the next one leads.
  }
  parts.timers.shutdown();
  parts.hanging = parts.io.shutdown(kHangWait) + parts.user_io.shutdown(kHangWait) +
                  parts.recovery_io.shutdown(kHangWait);
  if (parts.hanging > 0) {
    log::warn("file operations hang, and the job manager stops without them",
              {{"threads", parts.hanging}});
  }
  parts.strand.shutdown();
}

}  // namespace weir::jobmanager
