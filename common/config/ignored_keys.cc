#include "common/config/option.h"

namespace weir::config {

namespace {

constexpr std::string_view kJvm = "sizes or tunes a Java virtual machine, and Weir has none";
constexpr std::string_view kAkka =
    "tunes Flink's message layer; Weir uses gRPC, which needs none of it";
constexpr std::string_view kBatch = "is for Flink's batch operators, which Weir does not have";
constexpr std::string_view kNetty = "tunes Flink's network layer; Weir takes buffers on demand";
constexpr std::string_view kUpload =
    "is about uploading programs over HTTP; programs are submitted with `weir run`";
constexpr std::string_view kWeb = "tunes Flink's web server; Weir's needs none of it";
constexpr std::string_view kFiles =
    "tunes Flink's file systems; conf/README.md has the keys of hdfs: and s3: paths here";
constexpr std::string_view kManager = "is for a resource manager that Weir does not run under";
constexpr std::string_view kHa =
    "tunes Flink's recovery in a way that Weir does not need, or is for Kubernetes";
constexpr std::string_view kRocks =
    "tunes RocksDB in a way that is not offered; conf/README.md has what is";
constexpr std::string_view kForst = "is for the ForSt backend, not available in this version";
constexpr std::string_view kSnapshot =
    "tunes how Flink writes state; the heap backend here needs none of it";
constexpr std::string_view kScheduler =
    "tunes Flink's scheduler; a job here restarts as a whole, on free slots";
constexpr std::string_view kProgram = "is decided by the program or on the command line";
constexpr std::string_view kBlob =
    "tunes Flink's blob server; programs travel over jobmanager.rpc.port here";
constexpr std::string_view kMetrics = "configures Flink's reporters, which Weir does not have";
constexpr std::string_view kLogs =
    "is served by Flink's web page only; log.file says where logs go";
constexpr std::string_view kSecurity =
    "configures encryption or log-in, not available in this version";
constexpr std::string_view kTable = "is for Table API, SQL or Python, which Weir does not have";
constexpr std::string_view kDebug = "is a debugging aid of Flink's task manager";
constexpr std::string_view kRegistration =
    "paces Flink's registration; Weir tries every few hundred milliseconds";
constexpr std::string_view kCancel =
    "repeats Flink's interrupts; task.cancellation.timeout says when a worker is killed";
constexpr std::string_view kPorts =
    "is the port behind a NAT; Weir listens on the port that it announces";

}  // namespace

const std::vector<IgnoredKey>& allIgnoredKeys() {
  static const std::vector<IgnoredKey> keys = {
      {"jobmanager.heap.mb", kJvm},
      {"jobmanager.heap.size", kJvm},
      {"jobmanager.memory.*", kJvm},
      {"taskmanager.heap.mb", kJvm},
      {"taskmanager.heap.size", kJvm},
      {"taskmanager.memory.process.size", kJvm},
      {"taskmanager.memory.flink.size", kJvm},
      {"taskmanager.memory.task.*", kJvm},
      {"taskmanager.memory.framework.*", kJvm},
      {"taskmanager.memory.jvm-*", kJvm},
      {"taskmanager.memory.network.*", kNetty},
      {"taskmanager.memory.managed.*", kBatch},
      {"taskmanager.memory.size", kBatch},
      {"taskmanager.memory.fraction", kBatch},
      {"taskmanager.memory.off-heap", kBatch},
      {"taskmanager.memory.preallocate", kBatch},
      {"taskmanager.memory.min-segment-size", kNetty},
      {"taskmanager.jvm-exit-on-oom", kJvm},
      {"env.java.*", kJvm},
      {"env.hbase.conf.dir", kFiles},
      {"env.yarn.conf.dir", kManager},
      {"env.stdout-err.redirect-to-file",
       "is for containers; a daemon in the foreground logs to standard error"},
      {"zookeeper.*", kHa},
      {"akka.*", kAkka},
      {"pekko.*", kAkka},
      {"heartbeat.rpc-failure-threshold",
       "counts failed calls; a closed connection counts at once here"},
      {"rest.bind-port", kPorts},
      {"taskmanager.data.bind-port", kPorts},
      {"jobmanager.rpc.bind-port", kPorts},
      {"taskmanager.rpc.bind-port", kPorts},
      {"jobmanager.execution.*", kScheduler},
      {"jobmanager.scheduler", kScheduler},
      {"jobmanager.adaptive-*", kScheduler},
      {"jobmanager.partition.*", kScheduler},
      {"jobmanager.archive.*",
       "is for Flink's history server; jobmanager.web.history keeps ended jobs"},
      {"jobmanager.resource-id", kManager},
      {"jobmanager.future-pool.size", kJvm},
      {"jobmanager.io-pool.size", kJvm},
      {"jobmanager.retrieve-taskmanager-hostname", kManager},
      {"jobmanager.failure-enrichers", kScheduler},
      {"jobmanager.web.submit.enable", kUpload},
      {"jobmanager.web.upload.dir", kUpload},
      {"jobmanager.web.tmpdir", kUpload},
      {"jobmanager.web.checkpoints.disable",
       "turns statistics off, which cost next to nothing here"},
      {"jobmanager.web.backpressure.*", "samples Java stacks; back pressure is measured here"},
      {"jobmanager.web.*", kWeb},
      {"jobmanager.profiling.*", kDebug},
      {"jobclient.polling.interval", kAkka},
      {"client.retry-period", kAkka},
      {"client.heartbeat.*", kAkka},
      {"web.*", kWeb},
      {"rest.*", kWeb},
      {"taskmanager.network.defaultIOMode", kBatch},
      {"taskmanager.network.memory.*", kNetty},
      {"taskmanager.network.netty.*", kNetty},
      {"taskmanager.network.request-backoff.*", kNetty},
      {"taskmanager.network.blocking-shuffle.*", kBatch},
      {"taskmanager.network.sort-shuffle.*", kBatch},
      {"taskmanager.network.hybrid-shuffle.*", kBatch},
      {"taskmanager.network.batch-shuffle.*", kBatch},
      {"taskmanager.network.bind-policy", kNetty},
      {"taskmanager.network.detailed-metrics", kMetrics},
      {"taskmanager.network.retries", kNetty},
      {"taskmanager.network.compression.codec", kBatch},
      {"taskmanager.network.max-num-tcp-connections", kNetty},
      {"taskmanager.network.tcp-connection.*", kNetty},
      {"taskmanager.net.*", kNetty},
      {"taskmanager.runtime.*", kBatch},
      {"taskmanager.debug.*", kDebug},
      {"taskmanager.initial-registration-pause", kRegistration},
      {"taskmanager.max-registration-pause", kRegistration},
      {"taskmanager.refused-registration-pause", kRegistration},
      {"taskmanager.registration.*", kRegistration},
      {"taskmanager.exit-on-fatal-akka-error", kAkka},
      {"taskmanager.log.path", kLogs},
      {"jobmanager.web.log.path", kLogs},
      {"web.log.path", kLogs},
      {"taskmanager.rpc.port", "is a port that nobody calls; task managers call the job manager"},
      {"taskmanager.resource-id", kManager},
      {"taskmanager.load-balance.mode", kScheduler},
      {"taskmanager.slot.timeout", kScheduler},
      {"taskmanager.data.ssl.enabled", kSecurity},
      {"task.cancellation.interval", kCancel},
      {"task.cancellation.timers.timeout", kCancel},
      {"task.checkpoint.alignment.max-size", "bounds spilled records; nothing is spilled here"},
      {"blob.server.port", kBlob},
      {"blob.fetch.backlog", kBlob},
      {"blob.offload.minsize", kBlob},
      {"blob.client.*", kBlob},
      {"blob.service.ssl.enabled", kSecurity},
      {"fs.*", kFiles},
      {"s3.*", kFiles},
      {"gs.*", kFiles},
      {"flink.hadoop.*", kFiles},
      {"recovery.zookeeper.path.checkpoint-counter",
       "names the counter of a job's checkpoints, which stands beside its checkpoints here"},
      {"recovery.zookeeper.*", kHa},
      {"recovery.job.delay",
       "is how long Flink waits before it recovers jobs; a new leader here begins at once"},
      {"high-availability.*", kHa},
      {"state.backend.rocksdb.*", kRocks},
      {"state.backend.forst.*", kForst},
      {"state.backend.local-recovery", kSnapshot},
      {"execution.state-recovery.*", kSnapshot},
      {"state.backend.async", kSnapshot},
      {"state.backend.fs.write-buffer-size", kSnapshot},
      {"execution.checkpointing.write-buffer-size", kSnapshot},
      {"state.backend.latency-track.*", kMetrics},
      {"state.latency-track.*", kMetrics},
      {"state.backend.changelog.*", kSnapshot},
      {"state.changelog.*", kSnapshot},
      {"state.checkpoints.create-subdir", kSnapshot},
      {"execution.checkpointing.create-subdir", kSnapshot},
      {"state.checkpoint.cleaner.*", kSnapshot},
      {"execution.checkpointing.unaligned.*",
       "tunes Flink's way to store what is in flight; here it goes into the files of its tasks"},
      {"execution.checkpointing.tolerable-failed-checkpoints",
       "fails a job over its checkpoints; here it runs on with the last good one"},
      {"execution.checkpointing.checkpoints-after-tasks-finish*", "is always on here"},
      {"execution.checkpointing.externalized-checkpoint-retention",
       "keeps checkpoints of cancelled jobs; `weir cancel -s` takes a savepoint first"},
      {"execution.checkpointing.interval-during-backlog", kProgram},
      {"execution.checkpointing.local-backup.*", kSnapshot},
      {"execution.checkpointing.file-merging.*", kSnapshot},
      {"execution.target", kProgram},
      {"execution.attached", kProgram},
      {"execution.shutdown-on-attached-exit", kProgram},
      {"execution.runtime-mode", kBatch},
      {"execution.batch.*", kBatch},
      {"execution.batch-shuffle-mode", kBatch},
      {"execution.sorted-inputs.*", kBatch},
      {"pipeline.*", kProgram},
      {"restart-strategy.exponential-delay.attempts-before-reset-backoff",
       "limits restarts; exponential delay restarts without limit here"},
      {"metrics.*", kMetrics},
      {"metrics", kMetrics},
      {"security.*", kSecurity},
      {"classloader.*", "configures Java class loading; programs are processes here"},
      {"yarn.*", kManager},
      {"mesos.*", kManager},
      {"kubernetes.*", kManager},
      {"containerized.*", kManager},
      {"external-resource*", kManager},
      {"resourcemanager.*", kManager},
      {"slotmanager.*", kManager},
      {"slot.*", kScheduler},
      {"cluster.*", kScheduler},
      {"historyserver.*", "is for Flink's history server; jobmanager.web.history keeps ended jobs"},
      {"queryable-state.*", "is for queries of state from outside, which Weir does not have"},
      {"query.*", "is for queries of state from outside, which Weir does not have"},
      {"table.*", kTable},
      {"sql.*", kTable},
      {"sql-client.*", kTable},
      {"python.*", kTable},
      {"compiler.*", kBatch},
      {"$internal.*", "is set by Flink for itself"},
  };
  return keys;
}

}  // namespace weir::config
