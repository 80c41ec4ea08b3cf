#pragma once

#include <cstdint>

#include <nlohmann/json.hpp>

#include "jobmanager/scheduler/job_view.h"

/// A job in JSON, with the fields of Flink 1.0 in its order. Times are milliseconds since the
/// epoch; -1: none. Included by source files of this folder only.
namespace weir::jobmanager::web {

using Json = nlohmann::ordered_json;

Json jobSummary(const JobView& job, std::int64_t now);
Json jobDetails(const JobView& job, std::int64_t now);
Json jobPlan(const JobView& job);
Json jobConfig(const JobView& job);
Json jobExceptions(const JobView& job);
Json jobAccumulators(const JobView& job);
Json vertexDetails(const VertexView& vertex, std::int64_t now);
Json subtaskTimes(const VertexView& vertex, std::int64_t now);

}  // namespace weir::jobmanager::web
