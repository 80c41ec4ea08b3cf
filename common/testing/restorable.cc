#include "common/testing/restorable.h"

#include <algorithm>
#include <set>
#include <utility>
#include <variant>

#include "common/fs/local_file_system.h"
#include "common/program/program_graph.h"
#include "common/runtime/check_messages.h"
#include "common/snapshot/savepoints.h"
#include "common/snapshot/state_matching.h"
#include "common/testing/program_graph.h"
#include "common/testing/savepoint_directory.h"
#include "taskmanager/worker/task/check_run.h"

namespace weir::testing {

namespace {

std::string listed(const std::string& path, const std::vector<std::string>& items) {
  std::string text = "savepoint '" + path + "' cannot be restored:";
  for (const std::string& item : items) {
    text += "\n  " + item;
  }
  return text;
}

/// "operator 'name' (uid), state 'x': "; of one that the program does not have, its id.
std::string placeOf(const graph::JobGraph& graph, OperatorId id, const std::string& state) {
  const auto found = std::ranges::find(graph.operators, id, &graph::JobOperator::id);
  std::string text = "operator ";
  if (found == graph.operators.end()) {
    text += id.hex();
  } else {
    text += "'" + found->name + "'" + (found->uid.empty() ? "" : " (" + found->uid + ")");
  }
  return text + (state.empty() ? "" : ", state '" + state + "'") + ": ";
}

/// Each once, however many subtasks say it.
class Items {
 public:
  void add(std::string item) {
    if (known_.insert(item).second) {
      items_.push_back(std::move(item));
    }
  }
  bool empty() const { return items_.empty(); }
  std::vector<std::string> take() { return std::move(items_); }

 private:
  std::set<std::string> known_;
  std::vector<std::string> items_;
};

/// Of the savepoint's operators, the largest.
int parallelismOf(const runtime::CheckpointMetadata& metadata) {
  std::uint32_t most = 1;
  for (const runtime::SavedOperator& one : metadata.operators) {
    most = std::max(most, one.parallelism);
  }
  return static_cast<int>(most);
}

}  // namespace

NotRestorable::NotRestorable(const std::string& path, std::vector<std::string> items)
    : std::runtime_error(listed(path, items)), items_(std::move(items)) {}

void expectRestorable(const std::string& path,
                      const Program& program,
                      const RestoreOptions& options,
                      int parallelism) {
  fs::LocalFileSystem files;
  const auto opened = snapshot::openWhole(files, absolutePath(path));
  if (!opened.has_value()) {
    throw NotRestorable(path, {opened.error().text()});
  }
  graph::ProgramGraph built =
      programGraph(program, parallelism > 0 ? parallelism : parallelismOf(opened->metadata));
  runtime::CheckRestore check;
  check.graph = std::move(built.graph);
  const runtime::RestoreRequest request{
      path, options.allow_non_restored, options.drop, options.renamed};
  snapshot::StateMatch match = snapshot::compareState(opened->metadata, check.graph, request);
  Items items;
  for (const snapshot::MatchProblem& problem : match.problems) {
    items.add(problem.what);
  }
  check.restores = std::move(match.plan.restores);
  worker::CheckRun run(check, built.code, files, [&](const runtime::CheckReport& report) {
    const auto* problem = std::get_if<runtime::CheckProblem>(&report);
    if (problem != nullptr && !problem->noted) {
      items.add(placeOf(check.graph, problem->id, problem->state) + problem->what);
    }
    return true;
  });
  run.run();
  if (!items.empty()) {
    throw NotRestorable(path, items.take());
  }
}

}  // namespace weir::testing
