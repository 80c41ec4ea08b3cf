#include "jobmanager/embedded/local_cluster.h"

#include <future>
#include <limits>
#include <utility>

#include "common/concurrency/elastic_pool.h"
#include "common/config/configuration.h"
#include "common/config/limit_options.h"
#include "common/config/options.h"
#include "common/config/resolve.h"
#include "common/fs/file_systems.h"
#include "common/remote/remote_file_systems.h"
#include "common/telemetry/log.h"
#include "jobmanager/dispatcher/dispatcher.h"
#include "jobmanager/embedded/local_task_manager.h"
#include "jobmanager/ha/memory_job_store.h"

namespace weir::jobmanager {
namespace {

constexpr std::size_t kFileThreads = 8;
constexpr std::chrono::seconds kHangWait{2};

/// All that a cluster is made of; destroyed from the bottom up.
struct Cluster {
  Cluster(const config::Configuration& configuration, const std::string& blob_directory)
      : files(remote::fileSystems(configuration)),
        blobs(files,
              blob_directory,
              clock,
              random,
              nullptr,
              blob::StateLimits{.most = configuration.get(config::kMaxState).bytes}) {}

  SystemClock clock;
  SystemRandom random;
  fs::FileSystems files;
  blob::BlobStore blobs;
  ha::MemoryJobStore store;
  std::unique_ptr<Dispatcher> dispatcher;
  concurrency::ElasticPool io{"local-files", kFileThreads};
  concurrency::ThreadExecutor strand{"local-jm"};
  std::unique_ptr<LocalTaskManager> task_manager;
};

/// An ordered end: first the job manager's, then the task manager's, then the threads.
/// False when threads hang in file operations, to which parts of the cluster must stay.
bool stop(Cluster& cluster) {
  std::promise<void> stopped;
  cluster.dispatcher->stop([&] { stopped.set_value(); });
  stopped.get_future().wait();
  cluster.task_manager->stop();
  const std::size_t hanging = cluster.io.shutdown(kHangWait);
  cluster.strand.shutdown();
  cluster.dispatcher.reset();  // Lets go of the task manager.
  return hanging == 0;
}

Result<runtime::JobResult> runToEnd(Cluster& cluster, runtime::SubmitRequest request) {
  auto submitted = std::make_shared<std::promise<Result<runtime::SubmitReply>>>();
  auto ended = std::make_shared<std::promise<runtime::JobResult>>();  // Shared with the callbacks.
  const JobId job = request.job;
  cluster.dispatcher->submit(std::move(request), [submitted](Result<runtime::SubmitReply> reply) {
    submitted->set_value(std::move(reply));
  });
  WEIR_TRY([[maybe_unused]] auto reply, submitted->get_future().get());
  cluster.dispatcher->follow(
      job,
      [ended](const runtime::JobEvent& event) {
        if (const auto* result = std::get_if<runtime::JobResult>(&event)) {
          ended->set_value(*result);
          return false;
        }
        return true;
      },
      [](const Status&) {});
  return ended->get_future().get();
}

log::Level levelOf(const config::Configuration& configuration) {
  auto level = log::parseLevel(configuration.get(config::kLogLevel));
  return configuration.isSet(config::kLogLevel) && level ? *level : log::Level::kWarn;
}

}  // namespace

Result<JobExecutionResult> runLocally(graph::ProgramGraph program,
                                      const api::LocalOptions& options) {
  WEIR_TRY(auto configuration,
           config::Configuration::fromMap(options.configuration, "the local cluster"));
  static_cast<void>(log::configure({.level = levelOf(configuration), .file = {}, .rotate = 0}));
  config::Warnings warnings;
  WEIR_TRY(auto dispatcher_options, DispatcherOptions::from(configuration, warnings));
  for (const std::string& warning : warnings) {
    log::warn(warning);
  }
  dispatcher_options.probe_directories = false;
  // Nothing is encoded on the way to a task manager in this process.
  dispatcher_options.most_inline_restore = std::numeric_limits<std::uint64_t>::max();
  // The task manager is a part of this process: when it is stopped, so is whoever watches it.
  dispatcher_options.heartbeat_timeout = std::chrono::hours(24 * 365);
  SystemRandom random;
  const JobId job = JobId::random(random);
  auto owned = std::make_unique<Cluster>(
      configuration, config::resolveTmpDirs(configuration).front() + "/weir-local-" + job.hex());
  Cluster& cluster = *owned;
  dispatcher_options.has_processed = [&cluster] { return cluster.task_manager->processed(); };
  WEIR_TRY(cluster.dispatcher,
           Dispatcher::open({cluster.strand,
                             cluster.io,
                             cluster.clock,
                             cluster.random,
                             cluster.files,
                             cluster.blobs,
                             cluster.store},
                            std::move(dispatcher_options)));
  cluster.task_manager = std::make_unique<LocalTaskManager>(
      *cluster.dispatcher, std::move(program.code), cluster.files, cluster.random, cluster.clock);
  cluster.task_manager->start(slotsNeeded(program.graph));
  runtime::SubmitRequest request;
  request.job = job;
  request.graph = std::move(program.graph);
  auto result = runToEnd(cluster, std::move(request));
  if (!stop(cluster)) {
    static_cast<void>(owned.release());
  }
  if (!result) {
    return std::move(result).error();
  }
  if (result->state != runtime::JobState::kFinished) {
    return Error(ErrorCode::kUserCode, result->cause);
  }
  std::vector<functions::EncodedAccumulator> accumulators;
  for (runtime::AccumulatorValue& one : result->accumulators) {
    accumulators.push_back({std::move(one.name), std::move(one.type), std::move(one.bytes)});
  }
  return JobExecutionResult(job, result->runtime_millis, std::move(accumulators));
}

}  // namespace weir::jobmanager

/// What common/api looks for in libweir-local.so: api::kRunLocalSymbol.
extern "C" __attribute__((visibility("default"))) void weirRunLocal(
    weir::Result<weir::JobExecutionResult>* result,
    weir::graph::ProgramGraph* program,
    const weir::api::LocalOptions* options) {
  *result = weir::jobmanager::runLocally(std::move(*program), *options);
}
