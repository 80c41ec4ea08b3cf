#pragma once

#include "common/config/process_options.h"

/// Options of recovery.mode: zookeeper, named as Flink 1.0 names them.
namespace weir::config {

inline constexpr auto kZooKeeperQuorum =
    Text("recovery.zookeeper.quorum",
         "",
         "Servers of the ZooKeeper ensemble as host:port,host:port; without a port 2181.")
        .alias({"high-availability.zookeeper.quorum", "ha.zookeeper.quorum"});
inline constexpr auto kZooKeeperRoot =
    Text("recovery.zookeeper.path.root", "/flink", "Node of ZooKeeper that all others lie below.")
        .alias({"high-availability.zookeeper.path.root", "ha.zookeeper.dir"});
inline constexpr auto kZooKeeperNamespace =
    Text("recovery.zookeeper.path.namespace",
         "",
         "Node below recovery.zookeeper.path.root for this cluster, where an ensemble has several.")
        .alias({"high-availability.cluster-id",
                "high-availability.zookeeper.path.namespace",
                "high-availability.zookeeper.path.cluster-id"});
inline constexpr auto kZooKeeperLatch =
    Text("recovery.zookeeper.path.latch", "/leaderlatch", "Node of those who would lead.")
        .alias({"high-availability.zookeeper.path.latch", "ha.zookeeper.dir.latch"})
        .forAudience(Audience::kTuning);
inline constexpr auto kZooKeeperLeader =
    Text("recovery.zookeeper.path.leader", "/leader", "Node that says who leads.")
        .alias({"high-availability.zookeeper.path.leader", "ha.zookeeper.dir.leader"})
        .forAudience(Audience::kTuning);
inline constexpr auto kZooKeeperJobs =
    Text("recovery.zookeeper.path.jobgraphs", "/jobgraphs", "Node of what is known of each job.")
        .alias({"high-availability.zookeeper.path.jobgraphs", "ha.zookeeper.dir.jobgraphs"})
        .forAudience(Audience::kTuning);
inline constexpr auto kZooKeeperCheckpoints =
    Text("recovery.zookeeper.path.checkpoints",
         "/checkpoints",
         "Node that says of each job where its checkpoints lie.")
        .alias({"high-availability.zookeeper.path.checkpoints", "ha.zookeeper.dir.checkpoints"})
        .forAudience(Audience::kTuning);
inline constexpr auto kZooKeeperStorage =
    Text("recovery.zookeeper.storageDir",
         "",
         "Directory of what is too large for ZooKeeper, such as jobs' graphs and programs; every "
         "job manager of the cluster reaches the same. ZooKeeper holds pointers.")
        .alias({"high-availability.storageDir",
                "high-availability.zookeeper.storageDir",
                "ha.zookeeper.storageDir"});
inline constexpr auto kZooKeeperSessionTimeout =
    Time("recovery.zookeeper.client.session-timeout",
         "60 s",
         "How long the ensemble may hear nothing of a leader until another job manager leads, and "
         "how long a leader waits for it; the servers have bounds of their own, often 4 s to 40 s.")
        .alias({"high-availability.zookeeper.client.session-timeout",
                "ha.zookeeper.client.session-timeout"})
        .range(100, 3'600'000);
inline constexpr auto kZooKeeperConnectionTimeout =
    Time("recovery.zookeeper.client.connection-timeout",
         "15 s",
         "How long it may take until a server of the ensemble answers first.")
        .alias({"high-availability.zookeeper.client.connection-timeout",
                "ha.zookeeper.client.connection-timeout"})
        .range(1, 3'600'000);
inline constexpr auto kZooKeeperRetryWait =
    Time("recovery.zookeeper.client.retry-wait",
         "5 s",
         "Pause before an ensemble that did not answer is tried again.")
        .alias({"high-availability.zookeeper.client.retry-wait", "ha.zookeeper.client.retry-wait"})
        .range(1, 3'600'000);
inline constexpr auto kZooKeeperRetries =
    Integer(
        "recovery.zookeeper.client.max-retry-attempts",
        "3",
        "How often a job manager that starts tries again to reach the ensemble. Those that run, "
        "and task managers, never give up.")
        .alias({"high-availability.zookeeper.client.max-retry-attempts",
                "ha.zookeeper.client.max-retry-attempts"})
        .range(0, 1'000'000);

inline constexpr auto kRecoveryPort =
    Text(
        "recovery.jobmanager.port",
        "",
        "With recovery.mode zookeeper: ports of the job manager, of which it takes the first that "
        "is free, such as 50000-50025,50100; 0: any. Without it jobmanager.rpc.port, or where that "
        "is taken any; clients and task managers learn it from ZooKeeper.")
        .alias({"high-availability.jobmanager.port"});

}  // namespace weir::config
