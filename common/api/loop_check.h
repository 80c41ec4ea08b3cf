#pragma once

#include <optional>
#include <string>

#include "common/program/stream_graph.h"

namespace weir::api {

/// What is wrong with the iterations of a graph together: two that exchange records, each of which
/// would wait for the other one's end. Nothing where all is well.
std::optional<std::string> loopProblem(const graph::StreamGraph& graph);

}  // namespace weir::api
