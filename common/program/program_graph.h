#pragma once

#include <string>
#include <vector>

#include "common/functions/operator.h"
#include "common/graph/job_graph.h"

namespace weir::graph {

/// What runs one operator of a graph.
struct OperatorCode {
  functions::OperatorFactory make;
  functions::HandleReader read_handle;  ///< With JobOperator::custom_handles, else empty.
  /// Where it is chained: the output tag of its producer that it consumes; empty: the output.
  std::string side{};
};

/// What moves records over one edge of a graph.
struct EdgeCode {
  functions::EdgeWriterFactory make_writer;
  functions::EdgeReaderFactory make_reader;
  std::string side{};  ///< The output tag of the producer; empty: its output.
};

/// What a program has of its graph besides the description: closures over its own functions, which
/// stay in its process. A worker builds them anew, by running the program.
struct ProgramCode {
  std::vector<OperatorCode> operators;  ///< By index into JobGraph::operators.
  std::vector<EdgeCode> edges;          ///< By index into JobGraph::edges.
};

/// A program, ready to run in its own process; `graph` is what travels.
struct ProgramGraph {
  JobGraph graph;
  ProgramCode code;
};

}  // namespace weir::graph
