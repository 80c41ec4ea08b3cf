#pragma once

#include <optional>
#include <string>

#include "common/program/stream_graph.h"

namespace weir::api {

/// What is wrong with the iterations of a graph, which was translated to `job`: two that exchange
/// records, each of which would wait for the other one's end; an edge within one that leads from
/// some subtasks to some others, so that what goes round to find out whether anything is in flight
/// does not come back to where it began. Nothing where all is well.
std::optional<std::string> loopProblem(const graph::StreamGraph& graph, const graph::JobGraph& job);

}  // namespace weir::api
