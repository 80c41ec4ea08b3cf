#include "common/functions/broadcast_state.h"

#include <algorithm>
#include <cstddef>
#include <stdexcept>

#include "common/functions/operator.h"

namespace weir::functions {

void throwNoBroadcastState(const std::string& name) {
  throw std::runtime_error("broadcast state '" + name +
                           "' was asked for, and broadcast() names none of this name and type: "
                           "pass its MapStateDescriptor to broadcast()");
}

std::vector<state::StateInfo> BroadcastStates::infos() const {
  std::vector<state::StateInfo> all;
  for (const auto& one : states_) {
    all.push_back(one->info());
  }
  return all;
}

void BroadcastStates::snapshot(const TaskInfo& task, std::vector<state::OperatorState>& to) const {
  if (task.subtask != 0) {  // All are alike.
    return;
  }
  for (const auto& one : states_) {
    to.push_back({one->info(), one->elements()});
  }
}

Status BroadcastStates::restore(const OperatorRestore& restore) {
  for (const auto& one : states_) {
    for (const RestoredSection& part : restore.sections) {
      const std::vector<state::StateSummary>& states = part.section->states();
      const auto isBroadcast = [](const state::StateSummary& state) {
        return state.kind == state::StateKind::kOperatorList &&
               state.mode == state::ListMode::kBroadcast;
      };
      const auto known = [&](const std::string& name) {
        return std::ranges::any_of(states, [&](const state::StateSummary& state) {
          return isBroadcast(state) && state.name == name;
        });
      };
      for (std::size_t i = 0; i < states.size(); ++i) {
        if (!isBroadcast(states[i]) || std::ranges::count(restore.dropped, states[i].name) != 0 ||
            !state::isNowOf(one->info().name, one->info().former_names, states[i].name, known)) {
          continue;
        }
        WEIR_TRY(const auto elements, part.section->readElements(i));
        for (const std::string& element : elements) {
          WEIR_RETURN_IF_ERROR(one->take(element, states[i].value_schema)
                                   .during("broadcast state '" + one->info().name + "'"));
        }
      }
    }
  }
  return ok();
}

}  // namespace weir::functions
