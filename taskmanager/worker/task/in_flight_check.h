#pragma once

#include <set>
#include <string>
#include <utility>

#include "common/program/program_graph.h"
#include "common/runtime/deployment.h"
#include "common/state/keyed_check.h"
#include "common/state/section.h"

namespace weir::worker {

/// Tries whether a program can read the records that were in flight when a checkpoint was taken.
/// Belongs to one run of a check, and to its thread.
class InFlightCheck {
 public:
  /// Both outlive it.
  InFlightCheck(const graph::JobGraph& graph, const graph::ProgramCode& code)
      : graph_(graph), code_(code) {}

  /// Of what the section, which the operator of `order` gets, has of them. Each edge once: all
  /// subtasks had records of one type there.
  void check(const state::SectionReader& section,
             const runtime::OperatorRestoreOrder& order,
             state::CheckListener& listener);

 private:
  const graph::JobGraph& graph_;
  const graph::ProgramCode& code_;                     // Of graph_.
  std::set<std::pair<OperatorId, std::string>> told_;  // By the operator that an edge leads to.
};

}  // namespace weir::worker
