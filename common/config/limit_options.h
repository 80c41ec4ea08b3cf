#pragma once

#include "common/config/process_options.h"

/// Options that bound what one client, one job or one file may make the job manager hold. Only few
/// need them: options.h does not include them.
namespace weir::config {

inline constexpr auto kMaxSubtasks =
    Integer("jobmanager.max-subtasks-per-job",
            "65536",
            "How many subtasks a job may have: the parallelism of its vertices, summed.")
        .range(1, 1 << 24);
inline constexpr auto kMaxGraphSize =
    Memory("jobmanager.max-graph-size",
           "48 mb",
           "What the graph of a job may hold, elements of fromElements and values of once() "
           "included.")
        .range(1024, 1 << 30);
inline constexpr auto kMaxNameSize =
    Memory("jobmanager.max-name-size",
           "16 kb",
           "Longest name of a job, an operator, a state or a slot sharing group, and longest uid.")
        .range(16, 1 << 20);
inline constexpr auto kMaxMetadataSize =
    Memory("jobmanager.max-metadata-size",
           "256 mb",
           "Largest metadata file of a checkpoint or savepoint that is written or read.")
        .range(1024, 1 << 30);
inline constexpr auto kMaxState =
    Memory("jobmanager.state.max-size",
           "1 gb",
           "What the state of all jobs whose state.backend is jobmanager may take in the job "
           "manager's memory, uploads on their way included; a checkpoint beyond it is declined.")
        .range(0);
inline constexpr auto kStateUploadLease =
    Time("jobmanager.state.upload-lease",
         "2 min",
         "How long uploaded state waits for the acknowledgement that names it, before it is "
         "removed.")
        .range(1000);
inline constexpr auto kTimelineSubtasks =
    Integer("jobmanager.checkpoints.timeline-subtasks",
            "128",
            "Of how many subtasks of one checkpoint the time line is kept, shared by the job's "
            "vertices; in a job of more, of those that are missing or slowest, and a sum of all.")
        .range(1, 65536);
inline constexpr auto kMaxEventBytes =
    Memory("jobmanager.max-event-bytes-per-job",
           "1 mb",
           "What the remembered state changes of one job may hold; the oldest go first.")
        .range(128 << 10, 1 << 30);

}  // namespace weir::config
