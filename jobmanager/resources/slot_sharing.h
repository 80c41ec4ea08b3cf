#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/graph/job_graph.h"

/// How the subtasks of a job share slots, as in Flink: a slot holds at most one subtask of each
/// vertex of one sharing group. Pure functions.
namespace weir::jobmanager {

/// Free slots of one task manager.
struct SlotOffer {
  TaskManagerId task_manager;
  std::uint32_t free_slots = 0;
};

/// Which task managers run an attempt, and where each subtask goes.
struct Placement {
  std::vector<TaskManagerId> task_managers;
  std::vector<std::uint32_t> slots;  ///< Taken from each task manager; parallel to `task_managers`.
  std::vector<std::vector<std::uint32_t>>
      tasks;  ///< [vertex][subtask]: index into `task_managers`.
};

/// Slots that a job takes: the sum over its sharing groups of their largest parallelism.
std::uint32_t slotsNeeded(const graph::JobGraph& graph);

/// Fills one task manager after the other, those with the most free slots first, so that a job runs
/// on as few as possible; nullopt when the offers do not suffice.
std::optional<Placement> place(const graph::JobGraph& graph, const std::vector<SlotOffer>& offers);

}  // namespace weir::jobmanager
