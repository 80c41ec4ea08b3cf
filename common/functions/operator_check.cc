#include "common/functions/operator_check.h"

#include <algorithm>
#include <string>

namespace weir::functions {

namespace {

/// Whether `restore` has keyed state that the function has to be asked for.
bool asksLate(state::KeyedBackend& backend, const OperatorRestore& restore) {
  return std::ranges::any_of(restore.sections, [&](const RestoredSection& part) {
    return state::KeyedCheck::isUnasked(backend, *part.section, restore.dropped);
  });
}

void tellUnasked(const state::KeyedCheck& check,
                 state::Unclaimed way,
                 const TaskInfo& task,
                 state::CheckListener& listener) {
  if (way == state::Unclaimed::kKept) {
    return;
  }
  for (const auto& [name, one] : check.unasked()) {
    if (one.entries == 0) {
      continue;
    }
    const std::string asks = "operator '" + task.operator_name +
                             "' neither declares it nor, in open(), asks for it (" + one.what + ")";
    if (way == state::Unclaimed::kLeftOut) {
      listener.misfit({name, {}, "is left out: " + asks, one.entries, true});
    } else {
      listener.misfit({name, {}, "matches nothing: " + asks, one.entries, false});
    }
  }
}

}  // namespace

void checkKeyed(Operator& self,
                state::KeyedBackend& backend,
                const OperatorRestore& restore,
                const TaskInfo& task,
                state::CheckListener& listener) {
  const std::size_t declared = backend.columns().size();
  const bool late = asksLate(backend, restore);
  const bool opened = !late || listener.attempt(state::CheckPhase::kOpen, {}, [&] {
    self.open();
    return ok();
  });
  state::KeyedCheck check(backend, listener, declared);
  for (const RestoredSection& part : restore.sections) {
    listener.reads(part.subtask);
    check.read(*part.section, restore.key_groups, restore.dropped);
  }
  listener.reads(std::nullopt);
  if (opened) {
    tellUnasked(check, restore.unclaimed, task, listener);
  }
  if (late) {
    listener.attempt(state::CheckPhase::kClose, {}, [&] {
      self.close();
      return ok();
    });
  }
}

}  // namespace weir::functions
