#include "common/functions/operator_snapshot.h"

#include <algorithm>
#include <cstdio>
#include <stdexcept>

namespace weir::functions {

namespace {

std::vector<RestoredSection> inOrder(const OperatorRestore& restore) {
  std::vector<RestoredSection> sections = restore.sections;
  std::sort(sections.begin(), sections.end(), [](const auto& a, const auto& b) {
    return a.subtask < b.subtask;
  });
  return sections;
}

// Calls each(index of the element over all sections, element).
template <typename F>
Status forElements(const OperatorRestore& restore, state::StateKind kind, F each) {
  std::uint64_t index = 0;
  for (const RestoredSection& part : inOrder(restore)) {
    const auto& states = part.section->states();
    for (std::size_t i = 0; i < states.size(); ++i) {
      const auto& dropped = restore.dropped;
      if (states[i].kind != kind ||
          std::find(dropped.begin(), dropped.end(), states[i].name) != dropped.end()) {
        continue;
      }
      WEIR_TRY(auto elements, part.section->readElements(i));
      for (std::string& bytes : elements) {
        each(part.subtask, index++, WrittenElement{std::move(bytes), states[i].value_schema});
      }
    }
  }
  return ok();
}

std::string describeUnclaimed(const state::RawState& raw) {
  return "state '" + raw.written.name + "' (" + std::string(state::toString(raw.written.kind)) +
         " of " + record::describeSchema(raw.written.schema) + ", " + std::to_string(raw.entries) +
         (raw.entries == 1 ? " entry" : " entries") + " here)";
}

}  // namespace

Status OperatorFrozenState::write(state::SectionWriter& to) const {
  if (keyed_ != nullptr) {
    WEIR_RETURN_IF_ERROR(keyed_->write(to));
  }
  for (const state::OperatorState& one : own_) {
    WEIR_RETURN_IF_ERROR(state::writeOperatorState(to, one));
  }
  return ok();
}

Result<std::vector<WrittenElement>> checkpointedElements(const OperatorRestore& restore,
                                                         const TaskInfo& task) {
  std::vector<WrittenElement> mine;
  std::uint64_t count = 0;
  WEIR_RETURN_IF_ERROR(
      forElements(restore,
                  state::StateKind::kOperator,
                  [&](std::uint32_t subtask, std::uint64_t /*index*/, WrittenElement element) {
                    ++count;
                    if (subtask == task.subtask) {
                      mine.push_back(std::move(element));
                    }
                  }));
  if (count != 0 && restore.old_parallelism != task.parallelism) {
    return Error(ErrorCode::kInvalidArgument,
                 "operator '" + task.operator_name +
                     "' keeps Checkpointed state, which cannot be redistributed: it was stored "
                     "with parallelism " +
                     std::to_string(restore.old_parallelism) + " and now has parallelism " +
                     std::to_string(task.parallelism))
        .advise("restore with the old parallelism, or drop the state with --drop");
  }
  return mine;
}

Result<std::vector<WrittenElement>> listElements(const OperatorRestore& restore,
                                                 const TaskInfo& task) {
  std::vector<WrittenElement> mine;
  WEIR_RETURN_IF_ERROR(forElements(
      restore,
      state::StateKind::kOperatorList,
      [&](std::uint32_t subtask, std::uint64_t index, WrittenElement element) {
        // At the old parallelism only the own section may be at hand.
        const std::uint64_t owner =
            restore.old_parallelism == task.parallelism ? subtask : index % task.parallelism;
        if (owner == task.subtask) {
          mine.push_back(std::move(element));
        }
      }));
  return mine;
}

void settleUnclaimed(state::KeyedBackend& backend, state::Unclaimed way, const TaskInfo& task) {
  if (way == state::Unclaimed::kKept) {
    return;
  }
  const std::string who = "operator '" + task.operator_name + "' (id " + task.operator_id.hex() +
                          "), subtask " + std::to_string(task.subtask + 1) + " of " +
                          std::to_string(task.parallelism);
  const auto say = [&](const std::string& what) {
    std::fprintf(stderr, "weir: %s leaves out %s\n", who.c_str(), what.c_str());
  };
  std::string states;
  for (const state::RawState& raw : backend.unclaimed()) {
    if (raw.entries > 0) {
      states += (states.empty() ? "" : ", ") + describeUnclaimed(raw);
    }
  }
  if (!states.empty() && way == state::Unclaimed::kRefused) {
    throw state::StateMismatchError(
        "state of the savepoint matches nothing: " + who +
        " neither declares nor, in open(), asks "
        "for " +
        states +
        "; ask for it under its old name, or leave it out with --drop UID/STATE, "
        "or all that matches nothing with -n");
  }
  if (!states.empty()) {
    say(states + ", which it neither declares nor, in open(), asks for");
  }
  for (const std::string& member : backend.droppedMembers()) {
    say(member);
  }
  backend.dropUnclaimed();
}

void throwOnError(const Status& status, const TaskInfo& task) {
  if (!status.has_value()) {
    throw std::runtime_error("operator '" + task.operator_name + "': " + status.error().text());
  }
}

}  // namespace weir::functions
