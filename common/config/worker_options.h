#pragma once

#include "common/config/option.h"

/// Options of worker processes: what they may say, write and leave behind.
namespace weir::config {

inline constexpr auto kWorkerMaxText =
    Option<MemorySize>("taskmanager.worker.max-text-size",
                       "64 kb",
                       "What is kept of one text of user code, such as an exception's; the whole "
                       "stands on the worker's standard error.")
        .range(1024, 64 << 10);
inline constexpr auto kWorkerMaxAccumulators =
    Option<MemorySize>("taskmanager.worker.max-accumulator-size",
                       "1 mb",
                       "What the accumulators of one task may hold together, encoded; a task "
                       "whose accumulators hold more fails its job.")
        .range(1024, 16 << 20);
inline constexpr auto kWorkerCoreLimit =
    Option<MemorySize>("taskmanager.worker.core-limit",
                       "0 b",
                       "Largest core file that a worker that crashed may leave, in its working "
                       "directory or where the kernel's core_pattern says; 0: none.")
        .range(0);
inline constexpr auto kWorkerKeepFailedDirectories =
    Option<std::int64_t>("taskmanager.worker.keep-failed-directories",
                         "0",
                         "How many directories of workers that failed are kept for a look at them, "
                         "with program and core file: weir-failed-JOB-ATTEMPT in the first of "
                         "taskmanager.tmp.dirs.")
        .range(0, 1000);
inline constexpr auto kWorkerCgroups =
    Option<std::string>("taskmanager.worker.cgroups",
                        "auto",
                        "auto: each worker, with all that it starts, runs in a control group "
                        "(version 2) of its own, and the kernel limits its memory, where the "
                        "task manager's own group is delegated to it; the log says at the start "
                        "whether it is. off: never.")
        .oneOf({"auto", "off"});
inline constexpr auto kWorkerOutputMaxSize =
    Option<MemorySize>("taskmanager.worker.output.max-size",
                       "64 mb",
                       "Size at which the file that a task manager's standard output goes to, "
                       "with what print() writes, is renamed to FILE.1 and begun anew.")
        .range(64 << 10);
inline constexpr auto kWorkerOutputFiles =
    Option<std::int64_t>("taskmanager.worker.output.files",
                         "2",
                         "How many such renamed files are kept; 0: the file is emptied.")
        .range(0, 1000);
inline constexpr auto kWorkerOutputQueue =
    Option<MemorySize>("taskmanager.worker.output.queue-size",
                       "4 mb",
                       "How much output of workers may wait for a slow reader or disk before "
                       "lines are dropped, and counted.")
        .range(64 << 10, 1 << 30);

}  // namespace weir::config
