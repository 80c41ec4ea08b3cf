#pragma once

#include "common/config/process_options.h"

/// Options that bound what peers may hold of a daemon: connections, calls, threads, memory, time.
namespace weir::config {

inline constexpr auto kRpcMaxConnections =
    Integer("jobmanager.rpc.max-connections",
            "500",
            "How many connections clients and task managers may hold to the job manager, one host "
            "at most half of them. A further one is closed.")
        .range(8, 1 << 20);
inline constexpr auto kRpcMaxCallsPerConnection =
    Integer("jobmanager.rpc.max-calls-per-connection",
            "32",
            "How many calls one connection may have open at a time; further ones wait at the peer.")
        .range(4, 1 << 16)
        .forAudience(Audience::kTuning);
inline constexpr auto kRpcMaxCalls =
    Integer("jobmanager.rpc.max-open-calls",
            "2000",
            "How many sessions of task managers and calls of clients the job manager serves at a "
            "time, one host at most half of them. A further one is refused.")
        .range(8, 1 << 20)
        .forAudience(Audience::kTuning);
inline constexpr auto kRpcMaxMessage =
    Memory("jobmanager.rpc.max-message-size",
           "64 mb",
           "Largest message that the job manager takes from a client or a task manager.")
        .range(1 << 20, 64 << 20)
        .forAudience(Audience::kTuning);
inline constexpr auto kRpcMaxMemory =
    Memory("jobmanager.rpc.max-memory",
           "1 gb",
           "What messages on their way in may hold together; above it calls are ended.")
        .range(64 << 20)
        .forAudience(Audience::kTuning);
inline constexpr auto kRpcSilence =
    Time("jobmanager.rpc.silence-timeout",
         "10 s",
         "How long a new connection to the job manager may say nothing, and a new session be "
         "without registration.")
        .range(100)
        .forAudience(Audience::kTuning);
inline constexpr auto kRpcIdle =
    Time("jobmanager.rpc.idle-timeout",
         "5 min",
         "How long a connection to the job manager may stay without any call.")
        .range(1000)
        .forAudience(Audience::kTuning);
inline constexpr auto kWebMaxConnections =
    Integer("jobmanager.web.max-connections",
            "250",
            "How many connections HTTP holds; the one that waits longest for a request makes room.")
        .range(4, 1 << 20);
inline constexpr auto kWebRequestTimeout =
    Time("jobmanager.web.request-timeout",
         "30 s",
         "How long HTTP waits for a whole request, and for its answer to be taken.")
        .range(100)
        .forAudience(Audience::kTuning);
inline constexpr auto kDataMaxPending =
    Integer("taskmanager.data.max-pending-connections",
            "256",
            "How many connections may wait at the data port for a worker; of the host that holds "
            "most of them one makes room.")
        .range(4, 1 << 16)
        .forAudience(Audience::kTuning);
inline constexpr auto kDataPendingTimeout =
    Time("taskmanager.data.pending-timeout",
         "10 s",
         "How long a connection may wait at the data port for a worker.")
        .range(100)
        .forAudience(Audience::kTuning);
inline constexpr auto kBlobConcurrent =
    Integer("blob.fetch.num-concurrent",
            "50",
            "How many files the job manager sends and takes at a time, one host at most half of "
            "them. A further transfer is refused; task managers try again.")
        .range(2, 1 << 16);
inline constexpr auto kBlobIdle =
    Time("blob.transfer.idle-timeout",
         "30 s",
         "How long the transfer of a file may stand still; either side then gives it up.")
        .range(100)
        .forAudience(Audience::kTuning);
inline constexpr auto kBlobLeastRate =
    Memory("blob.transfer.min-rate",
           "16 kb",
           "What a transfer has to move a second on average, after its first "
           "blob.transfer.idle-timeout.")
        .range(0)
        .forAudience(Audience::kTuning);

}  // namespace weir::config
