#pragma once

#include <string>

#include "common/graph/job_graph.h"
#include "common/program/program_graph.h"
#include "common/testing/job.h"

namespace weir::testing {

/// The graph that a program builds, and its code. Throws JobExecutionException, which says what is
/// wrong with it, and what the program throws.
graph::ProgramGraph programGraph(const Program& program, int parallelism);

/// Throws std::invalid_argument where no chain and no operator in one has this name and subtask.
void throwUnlessTask(const graph::JobGraph& graph, const std::string& name, int subtask);

}  // namespace weir::testing
