#pragma once

#include "common/config/process_options.h"

/// Options of jobs: parallelism, state, checkpoints, savepoints, restarts.
namespace weir::config {

// Execution.
inline constexpr auto kParallelismDefault =
    Integer("parallelism.default", "1", "Parallelism of a job that names none.").range(1, 32768);
inline constexpr auto kMaxParallelism =
    Integer("pipeline.max-parallelism",
            "4096",
            "Upper limit of a job's parallelism for good: the number of key groups.")
        .range(1, 32768);
inline constexpr auto kBufferTimeout =
    Time("execution.buffer-timeout", "100 ms", "How long a record may wait for its buffer to fill.")
        .alias({"execution.buffer-timeout.interval"})
        .range(-1);

// State.
inline constexpr auto kStateBackend =
    Text("state.backend",
         "jobmanager",
         "Where checkpoints are kept: in the job manager's memory (at most 5 MiB a state) or in "
         "files. hashmap: files when there is a checkpoint directory. rocksdb: the same, and keyed "
         "state need not fit in memory: see state.backend.rocksdb.cache-memory.")
        .alias({"state.backend.type"})
        .oneOf({"jobmanager", "filesystem", "hashmap", "rocksdb"})
        .ignoringCase();
inline constexpr auto kCheckpointStorage =
    Text("state.checkpoint-storage",
         "",
         "Newer Flink's way to choose between jobmanager and filesystem; only beside "
         "state.backend: hashmap, rocksdb or none.")
        .alias({"execution.checkpointing.storage"})
        .oneOf({"jobmanager", "filesystem"});
inline constexpr auto kCheckpointDirectory =
    Text("state.backend.fs.checkpointdir",
         "",
         "Directory of checkpoints, the same on every machine: /dir or file:/dir.")
        .alias({"state.checkpoints.dir", "execution.checkpointing.dir"});
inline constexpr auto kMemoryThreshold =
    Memory("state.backend.fs.memory-threshold",
           "1024",
           "State up to this size goes into the checkpoint's metadata, not into a file.")
        .alias(
            {"state.storage.fs.memory-threshold", "execution.checkpointing.data-inline-threshold"})
        .range(0, 1 << 20)
        .forAudience(Audience::kTuning);

// Checkpoints.
inline constexpr auto kCheckpointInterval =
    Time("execution.checkpointing.interval",
         "0 ms",
         "Checkpoint interval of jobs that set none; 0: they do not checkpoint.")
        .range(0);
inline constexpr auto kCheckpointMode =
    Text("execution.checkpointing.mode", "EXACTLY_ONCE", "Mode of jobs that set none.")
        .alias({"execution.checkpointing.consistency-mode"})
        .oneOf({"EXACTLY_ONCE", "AT_LEAST_ONCE"});
inline constexpr auto kCheckpointTimeout =
    Time("execution.checkpointing.timeout", "10 min", "After how long a checkpoint is given up.")
        .range(10);
inline constexpr auto kCheckpointMinPause =
    Time("execution.checkpointing.min-pause",
         "0 ms",
         "Least time between the end of a checkpoint and the next.")
        .range(0);
inline constexpr auto kUnalignedCheckpoints =
    Boolean(
        "execution.checkpointing.unaligned.enabled",
        "false",
        "Whether barriers of checkpoints overtake records, which then become part of the "
        "checkpoint: it completes under back-pressure, too. For jobs that set nothing; not with "
        "AT_LEAST_ONCE.")
        .alias({"execution.checkpointing.unaligned"});
inline constexpr auto kAlignedCheckpointTimeout =
    Time("execution.checkpointing.aligned-checkpoint-timeout",
         "0 ms",
         "Unaligned checkpoints: how long a barrier waits for records in front of it before it "
         "overtakes them.")
        .alias({"execution.checkpointing.alignment-timeout"})
        .range(0);
inline constexpr auto kCheckpointMaxConcurrent =
    Integer("execution.checkpointing.max-concurrent-checkpoints",
            "1",
            "How many checkpoints may run at once.")
        .range(1, 1000);
inline constexpr auto kRetainedCheckpoints =
    Integer(
        "state.checkpoints.num-retained", "1", "How many completed checkpoints of a job are kept.")
        .alias({"execution.checkpointing.num-retained"})
        .range(1, 1000);
inline constexpr auto kMaxPendingRemovals =
    Integer("state.checkpoints.max-pending-removals",
            "16",
            "How many removals of a job's old checkpoints may be outstanding; with more, its next "
            "checkpoint waits.")
        .range(1, 100000);
inline constexpr auto kMaxDeploymentSize =
    Memory("jobmanager.max-deployment-size",
           "48 mb",
           "How large the message may be that deploys a job on one task manager; a larger one "
           "fails the job.")
        .range(1024, 60LL << 20);

// Savepoints.
inline constexpr auto kSavepointBackend =
    Text("savepoints.state.backend",
         "jobmanager",
         "Where savepoints are kept: in the job manager's memory, lost with it, or in files.")
        .oneOf({"jobmanager", "filesystem"});
inline constexpr auto kSavepointDirectory =
    Text("savepoints.state.backend.fs.dir",
         "",
         "Directory of savepoints, the same on every machine: /dir or file:/dir.")
        .alias({"state.savepoints.dir", "execution.checkpointing.savepoint-dir"});
inline constexpr auto kSavepointMaxSize =
    Memory("savepoints.jobmanager.max-size",
           "256 mb",
           "What all savepoints in the job manager's memory may hold together: state, metadata and "
           "the programs that discard state handles.")
        .range(0);

// Restarts.
inline constexpr auto kRestartStrategy = Text("restart-strategy",
                                              "",
                                              "Strategy of jobs that name none; without it "
                                              "exponential-delay when they checkpoint, else none.")
                                             .alias({"restart-strategy.type"})
                                             .oneOf({"none",
                                                     "off",
                                                     "disable",
                                                     "fixed-delay",
                                                     "fixeddelay",
                                                     "failure-rate",
                                                     "failurerate",
                                                     "exponential-delay",
                                                     "exponentialdelay"})
                                             .ignoringCase();
inline constexpr auto kFixedDelayAttempts =
    Integer(
        "restart-strategy.fixed-delay.attempts", "1", "How often a job is restarted in its life.")
        .range(0);
inline constexpr auto kFixedDelayDelay =
    Time("restart-strategy.fixed-delay.delay",
         "10 s",
         "Pause before each restart; without it akka.watch.heartbeat.interval if that is set.")
        .range(0);
inline constexpr auto kFailureRateMax =
    Integer("restart-strategy.failure-rate.max-failures-per-interval",
            "1",
            "How many failures within the interval are survived.")
        .range(1);
inline constexpr auto kFailureRateInterval =
    Time("restart-strategy.failure-rate.failure-rate-interval",
         "1 min",
         "The interval in which failures are counted.")
        .range(1);
inline constexpr auto kFailureRateDelay =
    Time("restart-strategy.failure-rate.delay", "1 s", "Pause before each restart.").range(0);
inline constexpr auto kExponentialInitial =
    Time("restart-strategy.exponential-delay.initial-backoff",
         "100 ms",
         "Pause before the first restart.")
        .range(1);
inline constexpr auto kExponentialMax =
    Time("restart-strategy.exponential-delay.max-backoff", "10 s", "The longest pause.").range(1);
inline constexpr auto kExponentialMultiplier =
    Number("restart-strategy.exponential-delay.backoff-multiplier",
           "2.0",
           "By what the pause grows with each failure.")
        .range(1);
inline constexpr auto kExponentialReset =
    Time("restart-strategy.exponential-delay.reset-backoff-threshold",
         "10 min",
         "After how long without failure the pause starts over.")
        .range(1);
inline constexpr auto kExponentialJitter =
    Number("restart-strategy.exponential-delay.jitter-factor",
           "0",
           "By what part of itself a pause may vary.")
        .range(0, 1);
inline constexpr auto kExecutionRetries =
    Integer("execution-retries.default",
            "0",
            "Old way to name fixed-delay: how often a job is restarted.")
        .range(-1);
inline constexpr auto kExecutionRetriesDelay =
    Time("execution-retries.delay", "10 s", "Pause of that.").range(0);

}  // namespace weir::config
