#include "taskmanager/worker/task/discard_handles.h"

#include <algorithm>
#include <exception>
#include <string>
#include <vector>

#include "common/snapshot/section_opener.h"
#include "common/state/operator_state.h"
#include "taskmanager/worker/task/exception_text.h"

namespace weir::worker {

namespace {

using Discard = std::function<void()>;

/// By index into the operators of `graph`.
Result<std::size_t> ownerOf(const graph::JobGraph& graph,
                            const graph::ProgramCode& code,
                            const OperatorId& id) {
  const auto found = std::find_if(graph.operators.begin(),
                                  graph.operators.end(),
                                  [&](const graph::JobOperator& one) { return one.id == id; });
  const auto index = static_cast<std::size_t>(found - graph.operators.begin());
  if (found == graph.operators.end() || !code.operators[index].read_handle) {
    return Error(ErrorCode::kInvalidArgument,
                 found == graph.operators.end()
                     ? "the program '" + graph.name + "' has no operator with id " + id.hex()
                     : "operator '" + found->name + "' of program '" + graph.name +
                           "' stores no state handles")
        .advise("name the program that made them");
  }
  return index;
}

/// The handle of one subtask: empty when it stored none.
Result<Discard> readHandle(const functions::HandleReader& read,
                           const runtime::SectionHandle& handle,
                           fs::FileSystem& files) {
  WEIR_TRY(const auto section, snapshot::SectionOpener(files).open(handle));
  WEIR_TRY(const auto states, state::readOperatorStates(*section));
  for (const state::OperatorState& one : states) {
    if (one.info.kind == state::StateKind::kOperator && !one.elements.empty()) {
      return read(one.elements.front(), one.info.schema);
    }
  }
  return Discard([] {});
}

Result<std::vector<Discard>> readAll(const runtime::DiscardHandles& order,
                                     const graph::ProgramCode& code,
                                     fs::FileSystem& files) {
  std::vector<Discard> discards;
  for (const runtime::DiscardHandles::Handle& one : order.handles) {
    WEIR_TRY(const std::size_t owner, ownerOf(order.graph, code, one.owner));
    WEIR_TRY(auto discard,
             readHandle(code.operators[owner].read_handle, one.state, files)
                 .during("read the state handle of operator '" +
                         order.graph->operators[owner].name + "'"));
    discards.push_back(std::move(discard));
  }
  return discards;
}

std::string call(const Discard& discard) {
  try {
    discard();
  } catch (...) {
    return describeException(std::current_exception());
  }
  return {};
}

}  // namespace

Status discardHandles(const runtime::DiscardHandles& order,
                      const graph::ProgramCode& code,
                      fs::FileSystem& files,
                      const std::function<bool(const runtime::HandleDiscarded&)>& report) {
  WEIR_TRY(const auto discards, readAll(order, code, files));
  for (std::uint64_t index = 0; index < discards.size(); ++index) {
    if (!report({order.execution, index, false, {}})) {
      break;
    }
    if (!report({order.execution, index, true, call(discards[index])})) {
      break;
    }
  }
  return ok();
}

}  // namespace weir::worker
