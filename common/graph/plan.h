#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/graph/job_graph.h"

namespace weir::graph {

/// The plan as `weir info` prints it: one JSON object {name, vertices: [{id, name, parallelism,
/// inputs: [{id, ship_strategy}], operators: [{id, uid, name, parallelism, states: [{name, kind,
/// schema}], warning}]}]}. `id` of an input is that of the producing vertex; `uid` is null where
/// none is set; `warning` is there only where planWarnings() has one.
std::string planJson(const JobGraph& graph);

/// What will hurt at a later restore, a sentence each: stateful operators without a uid, above all
/// those that only their order tells from operators of the same structure.
std::vector<std::string> planWarnings(const JobGraph& graph);
/// The sentence for one operator, which has state; empty when it has a uid.
std::string uidWarning(const JobOperator& op);

/// Slots that the job takes: for each slot sharing group its largest parallelism, summed.
std::uint32_t slotsNeeded(const JobGraph& graph);

/// Flink's word for a partitioning, as plans show it: "FORWARD", "HASH", ...
std::string_view shipStrategy(Partitioning partitioning);

}  // namespace weir::graph
