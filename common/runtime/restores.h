#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/runtime/job_state.h"
#include "common/runtime/section_handle.h"
#include "common/schema/state_kinds.h"

namespace weir::runtime {

/// What one old subtask stored of an operator.
struct RestoreSection {
  std::uint32_t old_subtask = 0;
  SectionHandle handle;
};

/// One operator's part of a restore for one new subtask: `count` sections of a list that all
/// subtasks of the operator share, from `first` on.
struct OperatorRestoreOrder {
  OperatorId id;
  std::uint32_t old_parallelism = 0;
  bool finished = false;
  std::uint32_t list = 0;  ///< Index into Restores::lists.
  std::uint32_t first = 0;
  std::uint32_t count = 0;
  /// How many more old subtasks have a part in what this one needs, and stored nothing. Earlier
  /// releases did not say.
  std::optional<std::uint32_t> without{};
  std::vector<std::string> dropped;  ///< Names of states that are not restored.
  state::Unclaimed unclaimed = state::Unclaimed::kKept;
};

struct TaskRestore {
  TaskId task;
  std::vector<OperatorRestoreOrder> operators;
};

/// What an attempt gets back. Each section stands in it once, however many subtasks read it, so
/// that its size grows with the parallelism and not with its square.
struct Restores {
  std::vector<std::vector<RestoreSection>> lists;  ///< Each ascending by old subtask.
  std::vector<TaskRestore> tasks;                  ///< Of subtasks that get anything.

  /// The sections of an order of this restore.
  std::span<const RestoreSection> sectionsOf(const OperatorRestoreOrder& order) const;
  /// Adds a list and gives all of it to `order`.
  void give(OperatorRestoreOrder& order, std::vector<RestoreSection> sections);
};

/// The part of `from` that `tasks`, which are some of its own, need.
Restores shareOf(const Restores& from, const std::vector<const TaskRestore*>& tasks);

/// About what a handle takes in a message.
std::uint64_t bytesOf(const SectionHandle& handle);
/// About what the sections of `restores` would take if each order held its own, as workers up to
/// protocol 2 get them.
std::uint64_t bytesOfRepeated(const Restores& restores);

}  // namespace weir::runtime
