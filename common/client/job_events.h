#pragma once

#include <string>
#include <vector>

#include "common/client/console.h"
#include "common/runtime/client_messages.h"

/// Job events and results as lines and as JSON.
namespace weir::client {

/// `MM/dd/yyyy HH:mm:ss<TAB>...`, Flink's state-change lines, in local time.
std::string describeEvent(const runtime::JobEvent& event);
/// The same for those who follow a job to its end: a cause stands where the job restarts, which
/// says how often that was, and is left out before, and at the end, where the result brings it.
std::string describeProgress(runtime::JobEvent event);
/// Why a job did not finish: "has been cancelled", or that it failed and the first cause.
std::string describeEnd(const runtime::JobResult& result);
void printAccumulators(Console& console, const std::vector<runtime::AccumulatorValue>& values);

/// {"jobid", "name", "restore": {matched, empty, dropped}}
std::string submissionDocument(const JobId& job,
                               const std::string& name,
                               const runtime::RestoreReport& restore);
/// {"jobid", "name", "state", "runtime", "cause", "accumulators"}
std::string resultDocument(const JobId& job,
                           const std::string& name,
                           const runtime::JobResult& result);

/// `dd.MM.yyyy HH:mm:ss` in local time.
std::string listTime(std::int64_t millis);

}  // namespace weir::client
