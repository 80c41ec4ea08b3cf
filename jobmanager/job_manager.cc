#include "jobmanager/job_manager.h"

#include <algorithm>
#include <future>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include "common/base/version.h"
#include "common/concurrency/elastic_pool.h"
#include "common/concurrency/thread_executor.h"
#include "common/config/limit_options.h"
#include "common/config/options.h"
#include "common/config/resolve.h"
#include "common/daemon/descriptors.h"
#include "common/daemon/machine.h"
#include "common/daemon/memory.h"
#include "common/fs/file_systems.h"
#include "common/fs/uri.h"
#include "common/rpc/peer_quota.h"
#include "common/rpc/server.h"
#include "common/telemetry/log.h"
#include "jobmanager/blob/blob_directory.h"
#include "jobmanager/blob/blob_store.h"
#include "jobmanager/dispatcher/dispatcher.h"
#include "jobmanager/ha/memory_job_store.h"
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

std::string blobParent(const config::Configuration& configuration) {
  const std::string named = configuration.get(config::kBlobDirectory);
  return named.empty() ? config::resolveTmpDirs(configuration).front() : named;
}

/// The names that clients may ask HTTP for, beside those that always work.
std::vector<std::string> hostNames(const config::Configuration& configuration) {
  std::vector<std::string> names = configuration.get(config::kWebAllowedHosts);
  names.insert(names.end(),
               {daemon::hostName(),
                configuration.get(config::kWebAddress),
                configuration.get(config::kWebBindAddress),
                configuration.get(config::kJobManagerBindHost),
                configuration.get(config::kJobManagerRpcAddress)});
  return names;
}

/// Makes the directories that jobs will need, so that a wrong one is known before any job is.
Status makeDirectories(const config::Configuration& configuration,
                       const std::string& blobs,
                       fs::FileSystem& files) {
  const auto make = [&files](std::string_view key, const std::string& directory) -> Status {
    const Status made = directory.empty() ? ok() : files.makeDirectories(directory);
    return made.has_value() ? ok()
                            : Status(Error(made.error())
                                         .during(std::string(key) + " " + directory)
                                         .advise("name a directory that can be written to"));
  };
  WEIR_TRY(const auto checkpoints, config::resolveCheckpointStorage(configuration));
  config::Warnings warned_elsewhere;
  WEIR_TRY(const auto savepoints, config::resolveSavepointStorage(configuration, warned_elsewhere));
  WEIR_RETURN_IF_ERROR(make(config::kCheckpointDirectory.key, checkpoints.directory));
  WEIR_RETURN_IF_ERROR(make(config::kSavepointDirectory.key, savepoints.directory));
  return make(config::kBlobDirectory.key, blobs);
}

std::string firstOf(std::initializer_list<std::string> values) {
  for (const std::string& value : values) {
    if (!value.empty()) {
      return value;
    }
  }
  return "";
}

std::size_t sizeOf(std::int64_t count) { return static_cast<std::size_t>(count); }

/// How many connections RPC and HTTP may hold.
struct Connections {
  std::size_t rpc;
  std::size_t web;
};

/// As configured, or less where the process may open too few files: some are kept for the others.
Connections connectionLimits(const config::Configuration& configuration) {
  constexpr std::size_t kForFiles = 256;
  const Connections wanted{sizeOf(configuration.get(config::kRpcMaxConnections)),
                           sizeOf(configuration.get(config::kWebMaxConnections))};
  const std::size_t descriptors = daemon::descriptorLimit();
  const std::size_t room = descriptors > 2 * kForFiles ? descriptors - kForFiles : descriptors / 2;
  const std::size_t sum = wanted.rpc + wanted.web;
  if (sum <= room) {
    return wanted;
  }
  const Connections less{std::max<std::size_t>(wanted.rpc * room / sum, 4),
                         std::max<std::size_t>(wanted.web * room / sum, 4)};
  log::warn("fewer connections than configured, as few files may be open; raise the hard limit",
            {{"open_files", descriptors},
             {config::kRpcMaxConnections.key, less.rpc},
             {config::kWebMaxConnections.key, less.web}});
  return less;
}

rpc::ServerLimits serverLimits(const config::Configuration& configuration,
                               const Connections& connections) {
  rpc::ServerLimits limits;
  limits.connections = {connections.rpc, configuration.get(config::kRpcSilence)};
  limits.calls_per_connection =
      static_cast<int>(configuration.get(config::kRpcMaxCallsPerConnection));
  limits.message_bytes = static_cast<int>(configuration.get(config::kRpcMaxMessage).bytes);
  limits.memory = configuration.get(config::kRpcMaxMemory).bytes;
  limits.idle = configuration.get(config::kRpcIdle);
  return limits;
}

web::RestApi::Settings webSettings(const config::Configuration& configuration) {
  web::RestApi::Settings settings;
  settings.version = std::string(releaseVersion());
  settings.refresh_millis = std::chrono::duration_cast<std::chrono::milliseconds>(
                                configuration.get(config::kWebRefreshInterval))
                                .count();
  for (const config::Configuration::Entry& entry : configuration.entries()) {
    settings.configuration.emplace_back(entry.key, entry.value);
  }
  return settings;
}

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
  fs::FileSystems files;
  ha::MemoryJobStore store;
  concurrency::ThreadExecutor strand{"jm-strand"};
  concurrency::ElasticPool io;
  concurrency::ElasticPool user_io;  // For paths that users name: these hold up no job.
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

  Status openDispatcher();
  Status listenHttp();
  Status serveRpc();
  void watchMemory();
};

Status JobManager::Parts::openDispatcher() {
  const std::string blob_parent = blobParent(configuration);
  WEIR_RETURN_IF_ERROR(makeDirectories(configuration, blob_parent, files));
  for (const std::string& name : blob::removeLeftovers(blob_parent)) {
    log::info("removed what a killed job manager left", {{"path", fs::join(blob_parent, name)}});
  }
  auto made = blob::BlobDirectory::create(blob_parent, random);
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
      blob::StateLimits{configuration.get(config::kMaxState).bytes,
                        configuration.get(config::kStateUploadLease)});
  config::Warnings warnings;
  WEIR_TRY(auto options, DispatcherOptions::from(configuration, warnings));
  options.machine = daemon::machineId();
  for (const std::string& warning : warnings) {
    log::warn(warning);
  }
  WEIR_TRY(
      dispatcher,
      Dispatcher::open({strand, io, clock, random, files, *blobs, store, &user_io, stepped_down},
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
                  ClusterService::Settings{heartbeat.interval,
                                           heartbeat.timeout,
                                           configuration.get(config::kRpcSilence),
                                           std::string(releaseVersion()),
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
  WEIR_RETURN_IF_ERROR(manager->parts_->openDispatcher());
  WEIR_RETURN_IF_ERROR(manager->parts_->listenHttp());
  WEIR_RETURN_IF_ERROR(manager->parts_->serveRpc());
  if (manager->parts_->http) {
    manager->parts_->http->serve();
  }
  manager->parts_->watchMemory();
  log::info("job manager is ready",
            {{"version", releaseVersion()},
             {"rpc_port", manager->rpcPort()},
             {"web_port", manager->webPort()}});
  return manager;
}

int JobManager::rpcPort() const { return parts_->server->port(); }
int JobManager::webPort() const { return parts_->http ? parts_->http->port() : -1; }

void JobManager::stop() {
  Parts& parts = *parts_;
  if (std::exchange(parts.stopped, true)) {
    return;
  }
  constexpr const char* kReason = "the job manager is stopping";
  if (parts.server) {  // Else nobody could have asked for anything.
    auto ended = std::make_shared<std::promise<void>>();  // Shared with a late answer.
    parts.dispatcher->stop([ended] { ended->set_value(); });
    if (ended->get_future().wait_for(kStopWait) != std::future_status::ready) {
      log::warn("jobs did not end in time; the job manager stops without them");
    }
  }
  if (parts.server) {
    parts.clients->stop(kReason);
    parts.cluster->stop(kReason);
    parts.server->shutdown();
    parts.transfers->stop();
  }
  if (parts.http) {
    parts.http->stop();
  }
  parts.timers.shutdown();
  parts.hanging = parts.io.shutdown(kHangWait) + parts.user_io.shutdown(kHangWait);
  if (parts.hanging > 0) {
    log::warn("file operations hang, and the job manager stops without them",
              {{"threads", parts.hanging}});
  }
  parts.strand.shutdown();
}

}  // namespace weir::jobmanager
