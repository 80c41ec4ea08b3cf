#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>

#include "common/fs/file_system.h"
#include "common/functions/operator.h"
#include "common/program/program_graph.h"
#include "common/runtime/check_messages.h"
#include "taskmanager/worker/task/in_flight_check.h"

namespace weir::worker {

/// Tries whether the operators of a program can take the state of a savepoint back, without running
/// any of them.
///
/// Operators that have state are made, one subtask after another, and get theirs as in a restore,
/// but for what they would only keep (functions::Operator::check). Of records that were in flight
/// the types are compared. Nothing else is made, polled or called. Every misfit is reported, and
/// the next thing follows; what is about to be done is reported before, so that whoever listens
/// knows what a process did that ended in it.
///
/// On this thread; `code` and `files` outlive it.
class CheckRun {
 public:
  /// Answers whether anybody listens; where nobody does, the run ends.
  using Report = std::function<bool(const runtime::CheckReport&)>;

  CheckRun(const runtime::CheckRestore& check,
           const graph::ProgramCode& code,
           fs::FileSystem& files,
           Report report);

  /// Whether it came to the end.
  bool run();

 private:
  class Listener;
  struct Nobody {};  // Thrown where nobody listens any more.

  using Task = std::pair<OperatorId, std::uint32_t>;  // Vertex and subtask.

  void checkOperator(const graph::JobVertex& vertex, std::uint32_t index);
  void checkSubtask(const graph::JobVertex& vertex,
                    std::uint32_t index,
                    std::uint32_t subtask,
                    Listener& listener);
  /// Records that barriers had overtaken on their way into an operator without state of its own.
  void checkOnlyInFlight(const graph::JobVertex& vertex);
  /// All that can be opened of what falls to the subtask.
  functions::OperatorRestore open(const runtime::OperatorRestoreOrder& order,
                                  std::span<const runtime::RestoreSection> sections,
                                  std::uint32_t subtask,
                                  std::uint32_t parallelism,
                                  std::uint32_t max_parallelism,
                                  Listener& listener);
  const runtime::OperatorRestoreOrder* orderOf(const Task& task, OperatorId id) const;
  void tell(const runtime::CheckReport& report) const;

  const runtime::CheckRestore& check_;
  const graph::ProgramCode& code_;  // Of check_.graph.
  fs::FileSystem& files_;
  Report report_;
  InFlightCheck in_flight_;
  std::map<Task, const runtime::TaskRestore*> restores_;  // Of check_.
  std::set<OperatorId> done_;
  std::uint64_t bytes_ = 0;  // Of all operators so far.
};

}  // namespace weir::worker
