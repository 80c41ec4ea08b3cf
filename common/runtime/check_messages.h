#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/base/ids.h"
#include "common/graph/shared_graph.h"
#include "common/runtime/deployment.h"
#include "common/runtime/restores.h"
#include "common/schema/check_phase.h"

/// What the command and a program say to each other while the program is checked against a
/// savepoint. The program is a worker that takes no part in any job.
namespace weir::runtime {

/// Try to take this state back, without running anything.
struct CheckRestore {
  graph::SharedGraph graph;
  Program program;
  Restores restores;
  /// Operators that were looked at before, by a process that has ended.
  std::vector<OperatorId> done;
};

/// Whether an operator is looked at: it may have state.
inline bool isChecked(const graph::JobOperator& what) {
  return what.stateful || !what.all_states_declared;
}

/// The greeting of the program's process.
struct CheckHello {
  std::string version;
  bool checks = false;  ///< It knows what a CheckRestore is; earlier releases do not.
};
/// The program cannot be checked at all: another graph than before, an argument that it refuses.
struct CheckFailed {
  std::string cause;
};
/// What is about to be done, so that who hears no more knows where it ended; also said from time to
/// time while state is read.
struct CheckStep {
  OperatorId id;
  std::uint32_t subtask = 0;
  state::CheckPhase phase = state::CheckPhase::kConstruct;
  std::string state;
  std::uint64_t bytes = 0;  ///< That were read so far, of all operators.
};
/// Something that does not fit.
struct CheckProblem {
  OperatorId id;
  std::uint32_t subtask = 0;
  std::string state;  ///< Empty when it is about no state in particular.
  std::optional<std::uint32_t> key_group;
  std::string file;  ///< That the state was read from; empty when it is about none.
  std::string what;
  std::uint64_t entries = 0;  ///< Of how many entries it is true; 0 when it is about none.
  bool noted = false;         ///< It is no problem, but worth a line: state that is left out.
};
/// An operator was looked at in all of its subtasks.
struct OperatorChecked {
  OperatorId id;
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
};
/// All operators were.
struct CheckEnded {};

using CheckReport =
    std::variant<CheckHello, CheckFailed, CheckStep, CheckProblem, OperatorChecked, CheckEnded>;

}  // namespace weir::runtime
