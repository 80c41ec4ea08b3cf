#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "common/graph/job_graph.h"
#include "common/runtime/check_messages.h"
#include "common/runtime/checkpoint_metadata.h"
#include "common/snapshot/state_matching.h"

namespace weir::client {

/// All that a check has found: what does not fit, what is left out, what was read. The same thing
/// found in more than one subtask or file is one finding. Belongs to one thread.
class CheckFindings {
 public:
  /// Both outlive it.
  CheckFindings(const runtime::CheckpointMetadata& metadata, const graph::JobGraph& graph);

  void add(const snapshot::MatchProblem& problem);
  void add(const runtime::CheckProblem& problem);
  void add(const runtime::OperatorChecked& checked);

  std::size_t problems() const { return problems_.size(); }
  std::uint64_t entries() const { return entries_; }
  std::uint64_t bytes() const { return bytes_; }
  std::size_t operators() const { return checked_.size(); }
  /// Those that a problem was found in.
  std::set<std::string> files() const;

  /// A line for each problem, perhaps with more lines behind it, indented.
  std::vector<std::string> problemLines() const;
  /// The same of state that is left out.
  std::vector<std::string> noteLines() const;
  nlohmann::json document() const;

 private:
  struct Finding {
    runtime::CheckProblem first;
    bool whole_sentence = false;  ///< It names its operator and state itself.
    std::uint64_t entries = 0;
    std::set<std::uint32_t> subtasks;
    std::set<std::string> files;
  };
  using Key = std::tuple<OperatorId, std::string, std::string>;  // Operator, state, what.

  struct Named {
    std::string name;
    std::string uid;
  };
  Named named(OperatorId id) const;
  std::string line(const Finding& finding) const;
  static void put(std::vector<Finding>& list,
                  std::map<Key, std::size_t>& index,
                  const runtime::CheckProblem& problem,
                  bool whole_sentence);
  nlohmann::json describe(const Finding& finding) const;

  const runtime::CheckpointMetadata& metadata_;
  const graph::JobGraph& graph_;
  std::vector<Finding> problems_;
  std::map<Key, std::size_t> problem_index_;
  std::vector<Finding> notes_;
  std::map<Key, std::size_t> note_index_;
  std::vector<runtime::OperatorChecked> checked_;
  std::uint64_t entries_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace weir::client
