#pragma once

#include "common/config/option.h"

/// Options of processes and of what lies between them: addresses, time-outs, memory, logs.
namespace weir::config {

using Text = Option<std::string>;
using Integer = Option<std::int64_t>;
using Number = Option<double>;
using Boolean = Option<bool>;
using Time = Option<Duration>;
using Memory = Option<MemorySize>;
using List = Option<std::vector<std::string>>;

// Job manager.
inline constexpr auto kJobManagerRpcAddress =
    Text("jobmanager.rpc.address",
         "localhost",
         "Host of the job manager, as clients and task managers reach it.");
inline constexpr auto kJobManagerRpcPort =
    Integer("jobmanager.rpc.port", "6123", "Port of the job manager for clients and task managers.")
        .range(0, 65535);
inline constexpr auto kJobManagerBindHost =
    Text("jobmanager.bind-host",
         "",
         "Address that the job manager listens on; without it that of jobmanager.rpc.address.");
inline constexpr auto kWebPort =
    Integer("jobmanager.web.port", "8081", "Port of HTTP; 0 takes a free one, -1 turns HTTP off.")
        .alias({"rest.port", "web.port"})
        .range(-1, 65535);
inline constexpr auto kWebAddress =
    Text(
        "jobmanager.web.address",
        "",
        "Host name that clients reach HTTP at, beside those of the options above and the machine's "
        "own.")
        .alias({"rest.address"});
inline constexpr auto kWebAllowedHosts = List(
    "jobmanager.web.allowed-hosts",
    "",
    "Further host names that HTTP is asked for, as a proxy or an alias has them; a request for "
    "any other is refused, for IP addresses and localhost never. '*': all.");
inline constexpr auto kWebBindAddress = Text(
    "rest.bind-address", "", "Address that HTTP listens on; without it that of the job manager.");
inline constexpr auto kFilesTimeout =
    Time("jobmanager.files.timeout",
         "20 s",
         "How long a file operation may hang before whoever waits for it gives it up.")
        .range(100);
inline constexpr auto kFilesThreads =
    Integer("jobmanager.files.threads",
            "64",
            "How many file operations of jobs run or hang at once; each job has one at most.")
        .range(1, 4096)
        .forAudience(Audience::kTuning);
inline constexpr auto kFilesUserThreads =
    Integer("jobmanager.files.user-threads",
            "16",
            "The same for savepoints, as users name their paths; each path has one at most.")
        .range(1, 4096)
        .forAudience(Audience::kTuning);
inline constexpr auto kWebHistory =
    Integer("jobmanager.web.history", "5", "How many ended jobs stay visible.")
        .alias({"jobstore.max-capacity"})
        .range(0);
inline constexpr auto kWebRefreshInterval =
    Time("jobmanager.web.refresh-interval",
         "3 s",
         "What /config names as the interval at which to ask for news.")
        .alias({"web.refresh-interval"})
        .range(100);
inline constexpr auto kWebCheckpointHistory =
    Integer("jobmanager.web.checkpoints.history",
            "100",
            "How many checkpoints of a job are remembered for /jobs/ID/checkpoints.")
        .alias({"web.checkpoints.history"})
        .range(1);

// Task manager.
inline constexpr auto kTaskSlots =
    Integer(
        "taskmanager.numberOfTaskSlots", "1", "How many parallel pipelines one task manager runs.")
        .range(1, 65536);
inline constexpr auto kTaskManagerHost = Text("taskmanager.hostname",
                                              "",
                                              "Host that other workers reach this one at; without "
                                              "it the address that leads to the job manager.")
                                             .alias({"taskmanager.host"});
inline constexpr auto kTaskManagerBindHost =
    Text("taskmanager.bind-host",
         "",
         "Address that the task manager listens on; without it all, or where taskmanager.hostname "
         "is on loopback that one.");
inline constexpr auto kTaskManagerDataPort =
    Integer("taskmanager.data.port", "0", "Port for records between workers; 0 takes a free one.")
        .range(0, 65535);
inline constexpr auto kTmpDirs = List("taskmanager.tmp.dirs",
                                      "",
                                      "Directories for files that nobody misses after a restart, "
                                      "separated by ',' or ':'; without it $TMPDIR, else /tmp.")
                                     .alias({"io.tmp.dirs"});
inline constexpr auto kNetworkBuffers =
    Integer("taskmanager.network.numberOfBuffers",
            "2048",
            "How many buffers for records in flight one worker may hold.")
        .range(8)
        .forAudience(Audience::kTuning);
inline constexpr auto kSegmentSize =
    Memory("taskmanager.memory.segment-size",
           "32768",
           "Size of such a buffer: a power of two of at least 4 kb.")
        .range(4096, 1 << 30)
        .powerOfTwo()
        .forAudience(Audience::kTuning);
inline constexpr auto kSlotMemory =
    Memory("taskmanager.slot.memory",
           "0 b",
           "What a worker may hold in memory for each slot that it uses; 0: four fifths of the "
           "machine, shared equally between its slots.");
inline constexpr auto kTaskCancellationTimeout =
    Time("task.cancellation.timeout",
         "30 s",
         "How long a task may take to obey a cancel before its worker is killed.")
        .range(0);
inline constexpr auto kMaxRegistrationDuration =
    Time("taskmanager.maxRegistrationDuration",
         "Inf",
         "How long a task manager looks for its job manager before it ends.")
        .alias({"taskmanager.registration.timeout"})
        .range(1);

// Time-outs between processes.
inline constexpr auto kHeartbeatInterval =
    Time("heartbeat.interval",
         "2 s",
         "How often job manager and task managers tell each other that they live.")
        .range(10);
inline constexpr auto kHeartbeatTimeout =
    Time("heartbeat.timeout",
         "10 s",
         "After how long a silent peer is lost. A closed connection counts at once.")
        .range(50);
inline constexpr auto kAkkaWatchInterval =
    Time("akka.watch.heartbeat.interval",
         "",
         "Flink 1.0's name of heartbeat.interval, which comes first.")
        .alias({"pekko.watch.heartbeat.interval"})
        .range(10);
inline constexpr auto kAkkaWatchPause =
    Time("akka.watch.heartbeat.pause",
         "",
         "Flink 1.0's name of heartbeat.timeout, which comes first.")
        .alias({"pekko.watch.heartbeat.pause"})
        .range(50);
inline constexpr auto kAskTimeout =
    Time("akka.ask.timeout",
         "10 s",
         "How long one call between job manager and task manager may take.")
        .alias({"pekko.ask.timeout"})
        .range(1);
inline constexpr auto kClientTimeout =
    Time("akka.client.timeout", "60 s", "How long the command waits for the job manager's answer.")
        .alias({"client.timeout"})
        .range(1);
inline constexpr auto kLookupTimeout =
    Time("akka.lookup.timeout", "10 s", "How long the command looks for the job manager.")
        .alias({"pekko.lookup.timeout"})
        .range(1);
inline constexpr auto kProgramTimeout =
    Time("client.program.timeout", "60 s", "How long a program may take to reach execute().")
        .range(1);

// Programs and libraries, as blobs.
inline constexpr auto kBlobDirectory =
    Text("blob.storage.directory",
         "",
         "Where job manager and task managers keep programs; without it a directory in the first "
         "of taskmanager.tmp.dirs.");
inline constexpr auto kBlobFetchRetries =
    Integer("blob.fetch.retries", "5", "How often a broken transfer is tried again.")
        .range(0)
        .forAudience(Audience::kTuning);
inline constexpr auto kBlobCleanupInterval =
    Time("library-cache-manager.cleanup.interval",
         "1 h",
         "How long a program that no job uses stays cached.")
        .alias({"blob.service.cleanup.interval"})
        .range(1);

// Logs and scripts.
inline constexpr auto kLogLevel = Text("log.level", "info", "Least level that is logged.")
                                      .alias({"env.log.level"})
                                      .oneOf({"debug", "info", "warn", "error"})
                                      .ignoringCase();
inline constexpr auto kLogFile =
    Text("log.file",
         "",
         "File that a daemon logs to; without it standard error. SIGHUP opens it again.");
inline constexpr auto kLogMax =
    Integer("env.log.max",
            "5",
            "How many earlier log files are kept, as log.file.1 and so on; 0: one file that grows.")
        .range(0, 1000);
inline constexpr auto kLogMaxSize =
    Memory("log.max-size",
           "100 mb",
           "Size from which on a log file becomes an earlier one while the daemon runs; 0: never.");
inline constexpr auto kLogDir =
    Text("env.log.dir", "", "Where the scripts put log files; without it log/ of the installation.")
        .forAudience(Audience::kScripts);
inline constexpr auto kPidDir =
    Text("env.pid.dir",
         "",
         "Where the scripts keep process ids, writable for its owner alone; without it run/ of the "
         "installation, or where that cannot be written a directory below /run.")
        .forAudience(Audience::kScripts);
inline constexpr auto kSshOpts =
    Text("env.ssh.opts", "", "Options that start-cluster.sh and stop-cluster.sh hand to ssh.")
        .forAudience(Audience::kScripts);
inline constexpr auto kStrict =
    Boolean("config.strict",
            "true",
            "Whether an unknown key, or one given twice, stops a daemon; false: a warning.");

}  // namespace weir::config
