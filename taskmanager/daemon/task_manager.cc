#include "taskmanager/daemon/task_manager.h"

#include <chrono>
#include <future>
#include <optional>
#include <utility>

#include <sys/prctl.h>
#include <unistd.h>

#include "common/base/random.h"
#include "common/base/version.h"
#include "common/concurrency/elastic_pool.h"
#include "common/concurrency/thread_executor.h"
#include "common/config/options.h"
#include "common/config/resolve.h"
#include "common/config/worker_options.h"
#include "common/config/zookeeper_options.h"
#include "common/daemon/machine.h"
#include "common/daemon/output_sink.h"
#include "common/fs/file_systems.h"
#include "common/remote/remote_file_systems.h"
#include "common/rpc/leader_route.h"
#include "common/telemetry/log.h"
#include "common/zookeeper/leader_watch.h"
#include "common/zookeeper/settings.h"
#include "common/zookeeper/zookeeper_library.h"
#include "taskmanager/daemon/machine.h"
#include "taskmanager/daemon/session/blob_client.h"
#include "taskmanager/daemon/session/session_client.h"
#include "taskmanager/daemon/supervision/sweeper.h"
#include "taskmanager/daemon/supervision/task_manager_core.h"

namespace weir::taskmanager {
namespace {

constexpr std::uint64_t kBlobCacheBytes = std::uint64_t{2} << 30;
constexpr std::size_t kPoolThreads = 16;
constexpr std::size_t kProbeThreads = 8;
constexpr std::chrono::seconds kHangWait{2};
constexpr auto kStopLimit = std::chrono::seconds(15);

std::string hostOf(const config::Configuration& configuration) {
  if (std::string host = configuration.get(config::kTaskManagerHost); !host.empty()) {
    const bool brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
    return brackets ? host.substr(1, host.size() - 2) : host;
  }
  if (config::usesZooKeeper(configuration)) {
    const auto settings = zookeeper::Settings::from(configuration);
    return settings ? addressTowardsAny(settings->quorum) : "127.0.0.1";
  }
  const std::string peer = configuration.get(config::kJobManagerRpcAddress);
  return isLoopback(peer) ? "127.0.0.1" : addressTowards(peer);
}

// Workers on loopback need not be reached from elsewhere; of its addresses the announced one.
std::string bindHostOf(const config::Configuration& configuration, const std::string& host) {
  if (configuration.isSet(config::kTaskManagerBindHost)) {
    return configuration.get(config::kTaskManagerBindHost);
  }
  if (!isLoopback(host)) {
    return "";
  }
  return host == "localhost" ? "127.0.0.1" : host;
}

CoreSettings settingsOf(const config::Configuration& configuration,
                        const TaskManagerId& id,
                        const std::string& launcher) {
  CoreSettings settings;
  runtime::Registration& registration = settings.registration;
  registration.id = id;
  registration.host = hostOf(configuration);
  registration.slots = static_cast<std::uint32_t>(configuration.get(config::kTaskSlots));
  registration.cpu_cores = cpuCores();
  registration.physical_memory = physicalMemory();
  registration.machine_id = daemon::machineId();
  registration.version = releaseVersion();
  settings.worker.host = registration.host;
  settings.worker.launcher = launcher;
  settings.worker.configure = [configuration](std::map<std::string, std::string>& of_worker) {
    remote::tellWorker(configuration, of_worker);
  };
  settings.worker.cancellation_timeout = configuration.get(config::kTaskCancellationTimeout);
  settings.worker.most_accumulators = configuration.get(config::kWorkerMaxAccumulators).bytes;
  settings.worker.memory_per_slot = configuration.get(config::kSlotMemory).bytes;
  if (settings.worker.memory_per_slot == 0) {
    settings.worker.memory_per_slot = registration.physical_memory / 5 * 4 / registration.slots;
  }
  settings.worker.core_bytes = configuration.get(config::kWorkerCoreLimit).bytes;
  settings.worker.kept_directories =
      static_cast<std::size_t>(configuration.get(config::kWorkerKeepFailedDirectories));
  settings.unused_blobs = configuration.get(config::kBlobCleanupInterval);
  return settings;
}

}  // namespace

/// Everything, in the order in which it may be used: what stands later uses what stands earlier.
struct TaskManager::Parts {
  Parts(const config::Configuration& configuration, const config::Security& resolved)
      : security(resolved), files(remote::fileSystems(configuration)) {}

  const config::Security security;  // Of every connection of this process.
  SystemClock clock;
  fs::FileSystems files;
  std::unique_ptr<WorkDirectory> directory;
  std::unique_ptr<WorkDirectory> blob_directory;  // With blob.storage.directory only.
  UniqueFd sweeper;                               // Closed at the end, by whatever end.
  std::unique_ptr<WorkerCgroups> groups;          // Where they are delegated.
  std::optional<daemon::OutputSink> standard_output;
  std::optional<daemon::OutputSink> standard_error;
  std::optional<rpc::LeaderRoute> route;
  std::optional<BlobClient> blobs;
  std::unique_ptr<BlobCache> cache;
  concurrency::ElasticPool pool{"tm-files", kPoolThreads};
  concurrency::ElasticPool probes{"tm-probes", kProbeThreads};
  IoLoop loop{"tm-strand"};
  std::optional<SessionClient> session;
  concurrency::ThreadExecutor leaders{"tm-leaders"};
  std::optional<zookeeper::LeaderWatch> leader_watch;  // Where ZooKeeper says who leads.
  std::unique_ptr<TaskManagerCore> core;
  std::unique_ptr<DataPort> data_port;
  bool stopped = false;
  std::size_t hanging = 0;  // Threads of file work, when stopped.

  void openRoute(const config::Configuration& configuration);
  Status watchLeader(const config::Configuration& configuration);
  void openGroups(const config::Configuration& configuration);
  void startSupervision(const config::Configuration& configuration, const std::string& launcher);
  Status openDirectories(const config::Configuration& configuration, const TaskManagerId& id);
  Status startCore(const config::Configuration& configuration,
                   const TaskManagerId& id,
                   const std::string& launcher,
                   std::function<void(const Error&)> on_given_up);
};

/// To the configured job manager; or to nobody before ZooKeeper has named one.
void TaskManager::Parts::openRoute(const config::Configuration& configuration) {
  std::vector<rpc::Address> known;
  if (!config::usesZooKeeper(configuration)) {
    known.push_back({configuration.get(config::kJobManagerRpcAddress),
                     static_cast<int>(configuration.get(config::kJobManagerRpcPort))});
  }
  route.emplace(std::move(known), security);
}

Status TaskManager::Parts::watchLeader(const config::Configuration& configuration) {
  if (!config::usesZooKeeper(configuration)) {
    return ok();
  }
  WEIR_TRY([[maybe_unused]] const auto* library, zookeeper::ZooKeeperLibrary::load());
  WEIR_TRY(auto settings, zookeeper::Settings::from(configuration));
  leader_watch.emplace(std::move(settings), leaders, [this](const auto& leader) {
    if (!leader) {
      return;  // Who led last may lead again; what runs goes on meanwhile.
    }
    if (const auto address = rpc::parseAddress(leader->rpc)) {
      session->follow(*address);
    } else {
      log::warn("ZooKeeper names a leader whose address cannot be read",
                {{"reason", address.error().text()}});
    }
  });
  return ok();
}

/// Says which way is used to reach what workers start, and why.
void TaskManager::Parts::openGroups(const config::Configuration& configuration) {
  const std::string otherwise =
      "workers run without control groups: their children are found by descent";
  if (configuration.get(config::kWorkerCgroups) == "off") {
    log::info(otherwise, {{"reason", std::string(config::kWorkerCgroups.key) + " is off"}});
    return;
  }
  auto opened = WorkerCgroups::open(directory->name());
  if (!opened) {
    log::info(otherwise, {{"reason", opened.error().text()}});
    return;
  }
  groups = *std::move(opened);
  for (const std::string& removed : groups->swept()) {
    log::info("removed what a task manager that was killed left behind", {{"group", removed}});
  }
  if (groups->limitsMemory()) {
    log::info("workers run in control groups, in which the kernel limits their memory",
              {{"group", groups->path()}});
  } else {
    log::info("workers run in control groups, and their memory is watched",
              {{"group", groups->path()}, {"reason", groups->whyNoLimits()}});
  }
}

/// What reaches all that workers start, and takes what they say.
void TaskManager::Parts::startSupervision(const config::Configuration& configuration,
                                          const std::string& launcher) {
  openGroups(configuration);
  auto started = startSweeper(launcher, directory->name(), groups ? groups->path() : "");
  if (started) {
    sweeper = *std::move(started);
  } else {
    log::warn("children of workers outlive this process if it is killed",
              {{"reason", started.error().text()}});
  }
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // What a worker leaves behind comes to us, not to init.
  const daemon::OutputLimits limits{configuration.get(config::kWorkerOutputMaxSize).bytes,
                                    configuration.get(config::kWorkerOutputFiles),
                                    configuration.get(config::kWorkerOutputQueue).bytes};
  standard_output.emplace(STDOUT_FILENO, limits);
  standard_error.emplace(STDERR_FILENO, limits);
}

Status TaskManager::Parts::openDirectories(const config::Configuration& configuration,
                                           const TaskManagerId& id) {
  const std::string advice = "set taskmanager.tmp.dirs to a directory that can be written";
  for (const std::string& tmp : config::resolveTmpDirs(configuration)) {
    for (const std::string& removed : removeLeftovers(tmp)) {
      log::info("removed what a task manager that was killed left behind",
                {{"directory", removed}});
    }
    if (!directory) {
      auto made = WorkDirectory::create(tmp, id);
      if (!made) {
        return std::move(made).error().advise(advice);
      }
      directory = *std::move(made);
    }
  }
  std::string blob_path = directory->blobs();
  if (const std::string own = configuration.get(config::kBlobDirectory); !own.empty()) {
    removeLeftovers(own);
    auto made = WorkDirectory::create(own, id);
    if (!made) {
      return std::move(made).error().advise(
          "set blob.storage.directory to one that can be written");
    }
    blob_directory = *std::move(made);
    blob_path = blob_directory->blobs();
  }
  WEIR_TRY(cache, BlobCache::open(blob_path, kBlobCacheBytes, *blobs, clock));
  return ok();
}

Status TaskManager::Parts::startCore(const config::Configuration& configuration,
                                     const TaskManagerId& id,
                                     const std::string& launcher,
                                     std::function<void(const Error&)> on_given_up) {
  CoreSettings settings = settingsOf(configuration, id, launcher);
  settings.worker.error_file = standard_error->path();
  settings.worker.standard_output = &*standard_output;
  settings.worker.standard_error = &*standard_error;
  const std::string host = settings.registration.host;
  core = std::make_unique<TaskManagerCore>(TaskManagerCore::Environment{loop,
                                                                        pool,
                                                                        probes,
                                                                        *directory,
                                                                        *cache,
                                                                        *blobs,
                                                                        files,
                                                                        *session,
                                                                        clock,
                                                                        [] { return freeMemory(); },
                                                                        std::move(on_given_up),
                                                                        groups.get()},
                                           std::move(settings));
  auto port =
      DataPort::listen(loop,
                       bindHostOf(configuration, host),
                       static_cast<std::uint16_t>(configuration.get(config::kTaskManagerDataPort)),
                       security,
                       [this](const worker::DataHello& hello, UniqueFd& socket) {
                         return core->route(hello, socket);
                       },
                       {static_cast<std::size_t>(configuration.get(config::kDataMaxPending)),
                        configuration.get(config::kDataPendingTimeout)});
  if (!port) {
    return std::move(port).error().advise(
        "free it, or set taskmanager.data.port and taskmanager.bind-host");
  }
  data_port = *std::move(port);
  WEIR_RETURN_IF_ERROR(data_port->checkReachable(host));
  log::info("task manager starts",
            {{"id", id.hex()},
             {"host", host},
             {"data_port", data_port->port()},
             {"directory", directory->path()}});
  core->start(*data_port);
  return ok();
}

Result<std::unique_ptr<TaskManager>> TaskManager::start(
    const config::Configuration& configuration, std::function<void(const Error&)> on_given_up) {
  WEIR_RETURN_IF_ERROR(config::checkTaskManager(configuration));
  SystemRandom random;
  const auto id = TaskManagerId::random(random);
  auto parts = std::make_unique<Parts>(configuration, config::Security::resolve(configuration));
  parts->openRoute(configuration);
  parts->blobs.emplace(*parts->route,
                       static_cast<int>(configuration.get(config::kBlobFetchRetries)),
                       configuration.get(config::kBlobIdle));
  const std::string launcher = findLauncher();
  if (launcher.empty()) {
    return Error(ErrorCode::kNotFound, "weir-launcher is not beside weir-taskmanager")
        .advise("install Weir again");
  }
  WEIR_RETURN_IF_ERROR(parts->openDirectories(configuration, id));
  parts->startSupervision(configuration, launcher);
  SessionSettings session;
  session.registration_limit = configuration.get(config::kMaxRegistrationDuration);
  session.why_nobody = [&watch = parts->leader_watch] {
    return watch ? watch->trouble() : std::nullopt;
  };
  parts->session.emplace(parts->loop, *parts->route, std::move(session));
  std::unique_ptr<TaskManager> task_manager(new TaskManager(std::move(parts)));
  Parts& running = *task_manager->parts_;
  WEIR_RETURN_IF_ERROR(running.watchLeader(configuration));
  Status started = ok();
  running.loop.runSync(
      [&] { started = running.startCore(configuration, id, launcher, std::move(on_given_up)); });
  WEIR_RETURN_IF_ERROR(std::move(started));
  return task_manager;
}

TaskManager::TaskManager(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

TaskManager::~TaskManager() {
  stop();
  if (parts_->hanging > 0) {
    static_cast<void>(parts_.release());  // Threads that hang may still come back to it.
  }
}

void TaskManager::stop() {
  if (std::exchange(parts_->stopped, true)) {
    return;
  }
  auto done = std::make_shared<std::promise<void>>();  // Shared with the strand, which may be late.
  auto finished = done->get_future();
  parts_->loop.post([this, done] {
    if (parts_->core) {
      parts_->core->stop([done] { done->set_value(); });
    } else {
      done->set_value();
    }
  });
  if (finished.wait_for(kStopLimit) != std::future_status::ready) {
    log::warn("workers did not end in time, killing them");
  }
  parts_->leaders.shutdown();
  parts_->leader_watch.reset();
  parts_->blobs->shutdown();
  parts_->loop.shutdown();
  parts_->hanging = parts_->pool.shutdown(kHangWait) + parts_->probes.shutdown(kHangWait);
  if (parts_->hanging > 0) {
    log::warn("file operations hang, and the task manager stops without them",
              {{"threads", parts_->hanging}});
  }
  parts_->session->close();
  parts_->data_port.reset();
  parts_->core.reset();
}

}  // namespace weir::taskmanager
