#pragma once

#include "common/config/process_options.h"

/// Options of what outlives a job manager, of those who wait for the next one, and of upgrades.
namespace weir::config {

inline constexpr auto kRecoveryMode =
    Text("recovery.mode",
         "standalone",
         "What outlives the job manager: files of checkpoints and savepoints alone (standalone, "
         "none), or also its jobs, which the next job manager takes up again (filesystem: one "
         "machine or a file server; zookeeper: several job managers).")
        .alias({"high-availability", "high-availability.type"})
        .oneOf({"standalone", "none", "filesystem", "zookeeper"})
        .ignoringCase();
inline constexpr auto kRecoveryDirectory = Text(
    "recovery.filesystem.dir",
    "",
    "Directory of its own for the journal of recovery.mode filesystem, on this machine or a file "
    "server with locks; every job manager of the cluster has the same. One leads, others wait.");
inline constexpr auto kRecoveryMaxWaiting =
    Integer("recovery.filesystem.max-waiting",
            "10000",
            "How many changes may wait to be written to the journal; further ones are refused.")
        .range(10)
        .forAudience(Audience::kTuning);
inline constexpr auto kRecoveryMaxGarbage =
    Memory("recovery.filesystem.max-garbage",
           "4 mb",
           "How many outdated bytes the journal may hold, or as many as it needs where that is "
           "more, before it is written anew.")
        .range(1024)
        .forAudience(Audience::kTuning);
inline constexpr auto kAdoptionTimeout =
    Time("jobmanager.adoption-timeout",
         "60 s",
         "With recovery.mode filesystem or zookeeper: how long what runs goes on without a job "
         "manager, for the "
         "next one to go on with it; then it ends, and the job restarts. 0: it ends at once.")
        .range(0);
inline constexpr auto kClientFailover = Time("client.failover.timeout",
                                             "60 s",
                                             "With recovery.mode filesystem or zookeeper: how long "
                                             "a command that has lost its job manager waits "
                                             "for the next one.")
                                            .range(0);
inline constexpr auto kUpgradeTimeout =
    Time("upgrade.timeout",
         "60 s",
         "How long the new program of an upgrade may take until it has completed a checkpoint; "
         "then the old one goes on.")
        .range(1);
inline constexpr auto kUpgradeRestarts =
    Integer("upgrade.restarts",
            "1",
            "How often the new program of an upgrade may restart before its first completed "
            "checkpoint; then the old one goes on.")
        .range(0);

}  // namespace weir::config
