#include "common/testing/operator_graph.h"

#include <stdexcept>

#include "common/testing/program_graph.h"

namespace weir::testing {

functions::OperatorFactory lastOperatorOf(const Program& program) {
  const graph::ProgramGraph built = programGraph(program, 1);
  if (built.code.operators.empty()) {
    throw std::invalid_argument("the harness was given windows that are those of no stream");
  }
  return built.code.operators.back().make;  // They stand in the order in which they were added.
}

}  // namespace weir::testing
