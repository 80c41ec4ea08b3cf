#include "common/offline/diff.h"

#include <algorithm>
#include <utility>

#include "common/offline/entry_diff.h"
#include "common/offline/state_choice.h"
#include "common/offline/state_side.h"
#include "common/schema/schema.h"
#include "common/schema/state_kinds.h"

namespace weir::offline {
namespace {

/// Two snapshots on their way to a diff.
class Comparison {
 public:
  Comparison(fs::FileSystem& files,
             const runtime::CheckpointMetadata& before,
             const runtime::CheckpointMetadata& after,
             const DiffSettings& settings)
      : files_(files), before_(before), after_(after), settings_(settings) {}

  Result<SnapshotDiff> run() {
    result_.bytes = before_.bytes() + after_.bytes();
    for (const runtime::SavedOperator& one : before_.operators) {
      WEIR_RETURN_IF_ERROR(compare(&one, find(after_, one.id)));
    }
    for (const runtime::SavedOperator& one : after_.operators) {
      if (find(before_, one.id) == nullptr) {
        WEIR_RETURN_IF_ERROR(compare(nullptr, &one));
      }
    }
    return std::move(result_);
  }

 private:
  static const runtime::SavedOperator* find(const runtime::CheckpointMetadata& in, OperatorId id) {
    const auto found = std::ranges::find(in.operators, id, &runtime::SavedOperator::id);
    return found == in.operators.end() ? nullptr : &*found;
  }

  Status compare(const runtime::SavedOperator* before, const runtime::SavedOperator* after) {
    OperatorDiff to;
    to.before = before;
    to.after = after;
    if (before != nullptr && after != nullptr) {
      compareNumbers(*before, *after, to);
    }
    const std::string who = "operator '" + calledBy(to.either()) + "'";
    OperatorSections old;
    OperatorSections now;
    if (before != nullptr) {
      WEIR_TRY(old, openSections(files_, before_, *before).during(who));
    }
    if (after != nullptr) {
      WEIR_TRY(now, openSections(files_, after_, *after).during(who));
    }
    static const std::vector<runtime::SavedState> kNone;
    const auto& old_states = before != nullptr ? before->states : kNone;
    const auto& now_states = after != nullptr ? after->states : kNone;
    for (const runtime::SavedState& state : old_states) {
      const auto same = std::ranges::find_if(now_states, [&](const runtime::SavedState& one) {
        return one.name == state.name && one.kind == state.kind;
      });
      WEIR_RETURN_IF_ERROR(
          compareState({&state, same == now_states.end() ? nullptr : &*same}, old, now, to)
              .during("state '" + state.name + "' of " + who));
    }
    for (const runtime::SavedState& state : now_states) {
      const bool known = std::ranges::any_of(old_states, [&](const runtime::SavedState& one) {
        return one.name == state.name && one.kind == state.kind;
      });
      if (!known) {
        WEIR_RETURN_IF_ERROR(compareState({nullptr, &state}, old, now, to)
                                 .during("state '" + state.name + "' of " + who));
      }
    }
    result_.operators.push_back(std::move(to));
    return ok();
  }

  static void compareNumbers(const runtime::SavedOperator& before,
                             const runtime::SavedOperator& after,
                             OperatorDiff& to) {
    const auto note = [&](const std::string& what, const std::string& was, const std::string& is) {
      if (was != is) {
        to.notes.push_back(what + " " + was + " -> " + is);
      }
    };
    note("parallelism", std::to_string(before.parallelism), std::to_string(after.parallelism));
    note("maximum parallelism",
         std::to_string(before.max_parallelism),
         std::to_string(after.max_parallelism));
    note("name", "'" + before.name + "'", "'" + after.name + "'");
    if (before.windows && after.windows) {
      note(
          "windows", state::describeWindows(before.windows), state::describeWindows(after.windows));
    }
  }

  using States = std::pair<const runtime::SavedState*, const runtime::SavedState*>;

  Status compareState(States states,
                      const OperatorSections& before,
                      const OperatorSections& after,
                      OperatorDiff& in) {
    StateDiff to;
    if (states.first != nullptr) {
      to.before = *states.first;
    }
    if (states.second != nullptr) {
      to.after = *states.second;
    }
    if (!to.before || !to.after) {
      (to.before ? to.removed : to.added) = to.either().entries;
      to.notes.push_back(to.before ? "only the first has it" : "only the second has it");
      in.states.push_back(std::move(to));
      return progressed(0, 0);
    }
    const bool same_keys = to.before->key == to.after->key;
    const bool same_values = to.comparesValues();
    noteSchemas(to, same_keys, same_values);
    // An element of a list is told from others by its value alone.
    const bool list = to.before->kind == state::StateKind::kOperatorList;
    if (same_keys && (same_values || !list)) {
      const StateSide old(before, *to.before);
      const StateSide now(after, *to.after);
      EntryDiff entries(old, now, settings_, same_values, to);
      const auto advance = [this](std::uint64_t compared, std::uint64_t skipped) {
        return progressed(compared, skipped);
      };
      WEIR_RETURN_IF_ERROR(before.max_parallelism == after.max_parallelism ||
                                   !state::isKeyed(to.before->kind)
                               ? entries.byGroups(advance)
                               : entries.all(advance));
    }
    in.states.push_back(std::move(to));
    return ok();
  }

  static void noteSchemas(StateDiff& to, bool same_keys, bool same_values) {
    const auto note = [&](const std::string& what,
                          const record::Schema& was,
                          const record::Schema& is,
                          const std::string& therefore) {
      to.notes.push_back(what + " was " + record::describeSchema(was) + " and is " +
                         record::describeSchema(is) + ": " + therefore);
    };
    if (!same_keys) {
      note("the key", to.before->key, to.after->key, "entries are not compared");
    }
    if (!same_values) {
      note("the value",
           to.before->value,
           to.after->value,
           same_keys ? "keys are compared, values are not" : "entries are not compared");
    }
  }

  Status progressed(std::uint64_t compared, std::uint64_t skipped) {
    done_ += compared + skipped;
    result_.skipped += skipped;
    if (settings_.progress && !settings_.progress(done_, result_.bytes)) {
      return Error(ErrorCode::kCancelled, "interrupted");
    }
    return ok();
  }

  fs::FileSystem& files_;  // The caller's, like the rest.
  const runtime::CheckpointMetadata& before_;
  const runtime::CheckpointMetadata& after_;
  const DiffSettings& settings_;
  SnapshotDiff result_;
  std::uint64_t done_ = 0;
};

}  // namespace

bool OperatorDiff::differs() const {
  return before == nullptr || after == nullptr || !notes.empty() ||
         std::ranges::any_of(states, &StateDiff::differs);
}

bool SnapshotDiff::differs() const {
  return std::ranges::any_of(operators, &OperatorDiff::differs);
}

Result<SnapshotDiff> diff(fs::FileSystem& files,
                          const snapshot::Opened& before,
                          const snapshot::Opened& after,
                          const DiffSettings& settings) {
  return Comparison(files, before.metadata, after.metadata, settings).run();
}

}  // namespace weir::offline
