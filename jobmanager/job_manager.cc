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
#include "common/daemon/machine.h"
#include "common/daemon/memory.h"
#include "common/fs/file_systems.h"
#include "common/fs/uri.h"
#include "common/remote/remote_file_systems.h"
#include "common/rpc/peer_quota.h"
#include "common/rpc/server.h"
#include "common/runtime/leader_change.h"
#include "common/telemetry/log.h"
#include "jobmanager/blob/blob_directory.h"
#include "jobmanager/blob/blob_store.h"
#include "jobmanager/dispatcher/dispatcher.h"
#include "jobmanager/ha/journal/journal_job_store.h"
#include "jobmanager/ha/memory_job_store.h"
#include "jobmanager/job_manager_settings.h"
#include "jobmanager/memory_return.h"
#include "jobmanager/rpc/blob_transfer.h"
#include "jobmanager/rpc/client_service.h"
#include "jobmanager/rpc/cluster_service.h"
#include "jobmanager/web/host_names.h"
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
  std::unique_ptr<ha::JobStore> store;
  ha::JournalJobStore* journal = nullptr;  // The store, where that is one.
  concurrency::ThreadExecutor strand{"jm-strand"};
  concurrency::ElasticPool io;
  concurrency::ElasticPool user_io;  // For paths that users name: these hold up no job.
  concurrency::ElasticPool journal_io{"jm-journal", 2};
  concurrency::ThreadExecutor timers{"jm-heartbeats"};
  std::unique_ptr<blob::BlobDirectory> blob_directory;
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
  std::function<void(const Error&)> stepped_down;
  bool stopped = false;
  std::size_t hanging = 0;  // Threads of file work, when stopped.
  std::jthread standby;     // Waits to lead, where another one does.

  bool recovers() const { return !config::resolveRecovery(configuration)->empty(); }
  /// True when we lead.
  Result<bool> openStore();
  void standBy(const std::stop_token& stop);
  Status lead();
  Status openBlobs();
  Status openDispatcher();
  Status listenHttp();
  Status serveRpc();
  void watchMemory();
};

Result<bool> JobManager::Parts::openStore() {
  WEIR_TRY(const std::string directory, config::resolveRecovery(configuration));
  if (directory.empty()) {
    store = std::make_unique<ha::MemoryJobStore>();
    return true;
  }
  ha::JournalJobStore::Settings settings;
  settings.directory = directory;
  settings.holder = "the job manager of process " + std::to_string(::getpid()) + " on " +
                    daemon::hostName() + ", reached at " +
                    configuration.get(config::kJobManagerRpcAddress) + ":" +
                    std::to_string(configuration.get(config::kJobManagerRpcPort));
  settings.most_waiting = sizeOf(configuration.get(config::kRecoveryMaxWaiting));
  settings.patience = configuration.get(config::kFilesTimeout);
  settings.most_garbage = configuration.get(config::kRecoveryMaxGarbage).bytes;
  auto opened = ha::JournalJobStore::open(std::move(settings), journal_io);
  if (!opened) {
    const Error why = Error(opened.error()).during(std::string(config::kRecoveryDirectory.key));
    return why.advice().empty() ? Error(why).advise("name a directory that can be written to")
                                : why;
  }
  journal = opened->get();
  store = *std::move(opened);
  auto leads = journal->tryLead();
  if (leads && !*leads) {
    log::info("waits as standby, as another job manager leads",
              {{"directory", directory}, {"leader", journal->holder()}});
  }
  return leads;
}

void JobManager::Parts::standBy(const std::stop_token& stop) {
  constexpr std::chrono::milliseconds kLookAgain{200};
  Result<bool> leads = false;
  while (leads && !*leads && !stop.stop_requested()) {
    std::this_thread::sleep_for(kLookAgain);
    leads = journal->tryLead();
  }
  if (stop.stop_requested()) {
    return;
  }
  Status leading = leads ? lead() : Status(leads.error());
  if (!leading && stepped_down) {
    stepped_down(std::move(leading).error().during("cannot take over"));
  }
}

Status JobManager::Parts::lead() {
  WEIR_RETURN_IF_ERROR(openDispatcher());
  WEIR_RETURN_IF_ERROR(listenHttp());
  WEIR_RETURN_IF_ERROR(serveRpc());
  if (http) {
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
  if (recovers()) {
    WEIR_TRY(const std::string recovery, config::resolveRecovery(configuration));
    WEIR_TRY(const std::string directory, fs::localPath(recovery));
    const std::string programs = fs::join(directory, "blobs");
    blob::removeUnfinished(programs);
    blobs.emplace(files, programs, clock, random, nullptr, limits);
    return blobs->adopt();
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
  blobs.emplace(
      files,
      blob_directory->path(),
      clock,
      random,
      [directory = blob_directory.get()] { return directory->restore(); },
      limits);
  return ok();
}

Status JobManager::Parts::openDispatcher() {
  WEIR_RETURN_IF_ERROR(makeDirectories(configuration, blobParent(configuration), files));
  WEIR_RETURN_IF_ERROR(openBlobs());
  config::Warnings warnings;
  WEIR_TRY(auto options, DispatcherOptions::from(configuration, warnings));
  options.machine = daemon::machineId();
  if (recovers()) {
    WEIR_RETURN_IF_ERROR(options.keepJobs(warnings));
  }
  for (const std::string& warning : warnings) {
    log::warn(warning);
  }
  WEIR_TRY(
      dispatcher,
      Dispatcher::open({strand, io, clock, random, files, *blobs, *store, &user_io, stepped_down},
                       std::move(options)));
  return ok();
}

Status JobManager::Parts::listenHttp() {
  const std::int64_t port = configuration.get(config::kWebPort);
  if (port < 0) {
    return ok();
  }
  rest.emplace(webSettings(configuration), [this] { return dispatcher->view(); });
  web::HttpServer::Settings settings;
  settings.host = firstOf({configuration.get(config::kWebBindAddress),
                           configuration.get(config::kJobManagerBindHost),
                           configuration.get(config::kJobManagerRpcAddress)});
  settings.port = static_cast<std::uint16_t>(port);
  settings.most_connections = limits.web;
  settings.request_timeout = configuration.get(config::kWebRequestTimeout);
  settings.serves = [names = web::HostNames(hostNames(configuration))](std::string_view host) {
    return names.contain(host);
  };
  auto listening = web::HttpServer::listen(
      settings, security, [this](std::string_view path) { return rest->get(path); });
  if (!listening.has_value()) {
    return std::move(listening).error().advise(
        "set jobmanager.web.port to another port (0: a free one, -1: no HTTP), or end the process "
        "that has it");
  }
  http = *std::move(listening);
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
  cluster.emplace(*dispatcher,
                  *transfers,
                  *calls,
                  timers,
                  ClusterService::Settings{
                      heartbeat.interval,
                      heartbeat.timeout,
                      configuration.get(config::kRpcSilence),
                      std::string(releaseVersion()),
                      dispatcher->epoch(),
                      recovers() ? configuration.get(config::kAdoptionTimeout) : Duration::zero(),
                      configuration.get(config::kMaxDeploymentSize).bytes,
                      configuration.get(config::kRpcMaxMessage).bytes});
  const rpc::Address address{firstOf({configuration.get(config::kJobManagerBindHost),
                                      configuration.get(config::kJobManagerRpcAddress)}),
                             static_cast<int>(configuration.get(config::kJobManagerRpcPort))};
  WEIR_TRY(server,
           rpc::Server::start(address,
                              {&clients->service(), &cluster->service()},
                              security,
                              serverLimits(configuration, limits)));
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
  parts->stepped_down = std::move(stepped_down);
  // Owns the parts from here, so that a start that fails half-way ends in order as well.
  std::unique_ptr<JobManager> manager(new JobManager(std::move(parts)));
  WEIR_TRY(const bool leads, manager->parts_->openStore());
  if (leads) {
    WEIR_RETURN_IF_ERROR(manager->parts_->lead());
  } else {
    manager->parts_->standby = std::jthread(
        [&waiting = *manager->parts_](const std::stop_token& stop) { waiting.standBy(stop); });
  }
  return manager;
}

void JobManager::stop() {
  Parts& parts = *parts_;
  if (std::exchange(parts.stopped, true)) {
    return;
  }
  constexpr const char* kReason = "the job manager is stopping";
  if (parts.standby.joinable()) {
    parts.standby.request_stop();
    parts.standby.join();
  }
  if (parts.server) {  // Else nobody could have asked for anything.
    auto ended = std::make_shared<std::promise<void>>();  // Shared with a late answer.
    parts.dispatcher->stop([ended] { ended->set_value(); });
    if (ended->get_future().wait_for(kStopWait) != std::future_status::ready) {
      log::warn("jobs did not end in time; the job manager stops without them");
    }
  }
  if (parts.server) {
    parts.clients->stop(parts.recovers() ? runtime::leaderChange(kReason)
                                         : Error(ErrorCode::kUnavailable, kReason));
    parts.cluster->stop(kReason);
    parts.server->shutdown();
    parts.transfers->stop();
  }
  if (parts.http) {
    parts.http->stop();
  }
  parts.timers.shutdown();
  parts.hanging = parts.io.shutdown(kHangWait) + parts.user_io.shutdown(kHangWait) +
                  parts.journal_io.shutdown(kHangWait);
  if (parts.hanging > 0) {
    log::warn("file operations hang, and the job manager stops without them",
              {{"threads", parts.hanging}});
  }
  parts.strand.shutdown();
}

}  // namespace weir::jobmanager
