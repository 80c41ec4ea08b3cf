#pragma once

#include <set>
#include <string>
#include <vector>

#include "common/graph/job_graph.h"
#include "common/runtime/checkpoint_metadata.h"

namespace weir::snapshot {

/// What an operator of a program makes of the states that a snapshot has of it.
struct StateComparison {
  /// What does not fit of one state, a sentence.
  struct Problem {
    std::string state;
    std::string what;
  };
  std::vector<Problem> problems;
  std::vector<std::string> dropped;   ///< What it does not get, for the report.
  std::vector<std::string> left_out;  ///< Names of states that its tasks are not to read.
  /// Names of states that it does not declare but may ask for when its tasks start: these compare
  /// them, and what they do not ask for is refused then, or left out (-n).
  std::vector<std::string> late;
  std::vector<std::string> renamed;  ///< "state 'old' is called 'now' by the program", for reports.
};

/// Compares by name (or former name), kind and schema. `who` calls the operator in sentences;
/// `drop` names the states that the user leaves out; `allow_non_restored` leaves out what matches
/// nothing.
StateComparison compareStates(const runtime::SavedOperator& old,
                              const graph::JobOperator& now,
                              const std::string& who,
                              const std::set<std::string>& drop,
                              bool allow_non_restored);

/// Adds what becomes of records that were in flight `where` ("from 'a' to 'b'") to an edge whose
/// records are of type `now`. Where either type is not known, as an earlier release wrote none, the
/// tasks compare them when they restore.
void compareInFlight(const runtime::SavedState& was,
                     const record::Schema& now,
                     const std::string& where,
                     StateComparison& to);

}  // namespace weir::snapshot
