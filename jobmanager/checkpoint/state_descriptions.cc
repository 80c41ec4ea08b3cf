#include "jobmanager/checkpoint/state_descriptions.h"

#include <cstddef>
#include <string>

#include "common/snapshot/state_description.h"

namespace weir::jobmanager {
namespace {

/// As its user knows it.
std::string nameOf(OperatorId id, const graph::JobGraph& graph) {
  for (const graph::JobOperator& one : graph.operators) {
    if (one.id == id) {
      return "'" + one.name + "'" + (one.uid.empty() ? "" : " (uid '" + one.uid + "')");
    }
  }
  return id.hex();  // Of none of this job.
}

}  // namespace

StateDescriptions::States StateDescriptions::find(const runtime::OperatorSnapshot& snapshot) const {
  const std::pair key{snapshot.id, snapshot.description};
  for (const Known* known : {&latest_, &before_}) {
    if (const auto found = known->find(key); found != known->end()) {
      return found->second;
    }
  }
  return nullptr;
}

void StateDescriptions::remember(const std::map<runtime::TaskId, runtime::CheckpointAck>& acks) {
  Known used;
  for (const auto& [task, ack] : acks) {
    for (const runtime::OperatorSnapshot& one : ack.operators) {
      if (one.description == 0 || one.states.empty()) {
        continue;
      }
      States& states = used[{one.id, one.description}];
      if (states == nullptr) {
        states = find(one);
      }
      if (states == nullptr) {
        states = std::make_shared<const std::vector<runtime::SavedState>>(one.states);
      }
    }
  }
  before_ = std::exchange(latest_, std::move(used));
}

/// Where subtasks have different states, what one of them calls its own is not found, and it
/// describes them again.
void StateDescriptions::recall(const runtime::CheckpointMetadata& checkpoint) {
  for (const runtime::SavedOperator& one : checkpoint.operators) {
    if (!one.states.empty()) {
      latest_[{one.id, snapshot::descriptionOf(one.states)}] =
          std::make_shared<const std::vector<runtime::SavedState>>(one.states);
    }
  }
}

Status StateDescriptions::restore(runtime::CheckpointAck& ack, const graph::JobGraph& graph) const {
  for (runtime::OperatorSnapshot& one : ack.operators) {
    if (one.amounts.empty()) {
      continue;
    }
    const States states = find(one);
    if (states == nullptr || states->size() != one.amounts.size()) {
      return Error(ErrorCode::kInvalidArgument,
                   "acknowledged with " + std::to_string(one.amounts.size()) +
                       " states of operator " + nameOf(one.id, graph) +
                       ", whose description it has not sent with a checkpoint that completed")
          .advise("nothing is to be done: it describes its states again with the next one");
    }
    one.states = *states;
    for (std::size_t i = 0; i < one.states.size(); ++i) {
      one.states[i].entries = one.amounts[i].entries;
      one.states[i].bytes = one.amounts[i].bytes;
    }
    one.amounts.clear();
  }
  return ok();
}

}  // namespace weir::jobmanager
