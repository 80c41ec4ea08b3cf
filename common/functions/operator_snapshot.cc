#include "common/functions/operator_snapshot.h"

#include <algorithm>
#include <cstdio>
#include <limits>
#include <stdexcept>

#include "common/state/state_error.h"

namespace weir::functions {

namespace {

std::vector<RestoredSection> inOrder(const OperatorRestore& restore) {
  std::vector<RestoredSection> sections = restore.sections;
  std::sort(sections.begin(), sections.end(), [](const auto& a, const auto& b) {
    return a.subtask < b.subtask;
  });
  return sections;
}

// A run of elements, counted over all sections in order.
struct ElementRange {
  std::uint64_t begin = 0;
  std::uint64_t end = std::numeric_limits<std::uint64_t>::max();
};

// Which states are meant.
struct Wanted {
  state::StateKind kind = state::StateKind::kOperatorList;
  std::string_view name = state::kCheckpointedName;
};

// Whether a state is one of them and restored.
bool counts(const state::StateSummary& state,
            const Wanted& wanted,
            const OperatorRestore& restore) {
  const auto& dropped = restore.dropped;
  return state.kind == wanted.kind && state.name == wanted.name &&
         std::find(dropped.begin(), dropped.end(), state.name) == dropped.end();
}

// Calls each(old subtask, element) for those in `range`; reads no section without one.
template <typename F>
Status forElements(const OperatorRestore& restore,
                   const Wanted& wanted,
                   ElementRange range,
                   F each) {
  std::uint64_t index = 0;
  for (const RestoredSection& part : inOrder(restore)) {
    const auto& states = part.section->states();
    for (std::size_t i = 0; i < states.size(); ++i) {
      if (!counts(states[i], wanted, restore)) {
        continue;
      }
      const std::uint64_t next = index + states[i].entries;
      if (index >= range.end || next <= range.begin) {
        index = next;
        continue;
      }
      WEIR_TRY(auto elements, part.section->readElements(i));
      for (std::string& bytes : elements) {
        if (index >= range.begin && index < range.end) {
          each(part.subtask, WrittenElement{std::move(bytes), states[i].value_schema});
        }
        ++index;
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

// How the list was to be dealt out when it was stored.
state::ListMode modeOf(const OperatorRestore& restore, const Wanted& wanted) {
  for (const RestoredSection& part : restore.sections) {
    for (const state::StateSummary& state : part.section->states()) {
      if (counts(state, wanted, restore)) {
        return state.mode;
      }
    }
  }
  return state::ListMode::kSplit;
}

// The share of one subtask: runs in order, the first ones longer by one where it does not come out.
ElementRange shareOf(const OperatorRestore& restore, const Wanted& wanted, const TaskInfo& task) {
  std::uint64_t count = 0;
  for (const RestoredSection& part : restore.sections) {
    for (const state::StateSummary& state : part.section->states()) {
      count += counts(state, wanted, restore) ? state.entries : 0;
    }
  }
  const std::uint64_t parallelism = task.parallelism;
  const auto firstOf = [&](std::uint64_t subtask) {
    return subtask * (count / parallelism) + std::min(subtask, count % parallelism);
  };
  return {firstOf(task.subtask), firstOf(std::uint64_t{task.subtask} + 1)};
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
  WEIR_RETURN_IF_ERROR(forElements(restore,
                                   {state::StateKind::kOperator},
                                   {},
                                   [&](std::uint32_t subtask, WrittenElement element) {
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
                                                 const TaskInfo& task,
                                                 std::string_view name) {
  const Wanted wanted{state::StateKind::kOperatorList, name};
  std::vector<WrittenElement> mine;
  switch (modeOf(restore, wanted)) {
    case state::ListMode::kUnion:
      WEIR_RETURN_IF_ERROR(
          forElements(restore, wanted, {}, [&](std::uint32_t /*subtask*/, WrittenElement element) {
            mine.push_back(std::move(element));
          }));
      return mine;
    case state::ListMode::kBroadcast: {
      OperatorRestore one = restore;
      one.sections = inOrder(restore);
      std::erase_if(one.sections, [&](const RestoredSection& part) {
        return std::ranges::none_of(part.section->states(), [&](const auto& state) {
          return counts(state, wanted, restore);
        });
      });
      if (!one.sections.empty()) {
        one.sections = {one.sections[task.subtask % one.sections.size()]};
      }
      WEIR_RETURN_IF_ERROR(
          forElements(one, wanted, {}, [&](std::uint32_t /*subtask*/, WrittenElement element) {
            mine.push_back(std::move(element));
          }));
      return mine;
    }
    default:
      break;
  }
  // At the old parallelism only the own section may be at hand.
  const bool same = restore.old_parallelism == task.parallelism;
  WEIR_RETURN_IF_ERROR(forElements(restore,
                                   wanted,
                                   same ? ElementRange() : shareOf(restore, wanted, task),
                                   [&](std::uint32_t subtask, WrittenElement element) {
                                     if (!same || subtask == task.subtask) {
                                       mine.push_back(std::move(element));
                                     }
                                   }));
  if (const ElementRange share = shareOf(restore, wanted, task);
      !same && mine.size() != share.end - share.begin) {
    return Error(ErrorCode::kCorruption,
                 "the list of operator '" + task.operator_name + "' gives " +
                     std::to_string(mine.size()) + " elements to subtask " +
                     std::to_string(task.subtask + 1) + ", whose share are " +
                     std::to_string(share.end - share.begin));
  }
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

void putTier(state::KeyedBackend& backend, const TaskInfo& task) {
  if (task.tiers == nullptr) {
    return;
  }
  auto tier = task.tiers->make(backend,
                               "operator '" + task.operator_name + "', subtask " +
                                   std::to_string(task.subtask + 1) + " of " +
                                   std::to_string(task.parallelism));
  if (!tier) {
    throw std::runtime_error(tier.error().text());
  }
  backend.setTier(*std::move(tier));
}

void throwOnError(const Status& status, const TaskInfo& task) {
  if (!status.has_value()) {
    throw std::runtime_error("operator '" + task.operator_name + "': " + status.error().text());
  }
}

}  // namespace weir::functions
