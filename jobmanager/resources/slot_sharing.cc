#include "jobmanager/resources/slot_sharing.h"

#include <algorithm>
#include <functional>
#include <map>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace weir::jobmanager {
namespace {

struct Group {
  std::string name;
  std::uint32_t slots = 0;
};

std::vector<Group> groupsOf(const graph::JobGraph& graph) {
  std::vector<Group> groups;
  std::unordered_map<std::string_view, std::size_t> index;
  for (const graph::JobVertex& vertex : graph.vertices) {
    const auto [known, fresh] = index.emplace(vertex.slot_sharing_group, groups.size());
    if (fresh) {
      groups.push_back({vertex.slot_sharing_group, vertex.parallelism});
    } else {
      groups[known->second].slots = std::max(groups[known->second].slots, vertex.parallelism);
    }
  }
  return groups;
}

}  // namespace

std::uint32_t slotsNeeded(const graph::JobGraph& graph) {
  std::uint32_t sum = 0;
  for (const Group& group : groupsOf(graph)) {
    sum += group.slots;
  }
  return sum;
}

std::optional<Placement> place(const graph::JobGraph& graph, const std::vector<SlotOffer>& offers) {
  const std::uint32_t needed = slotsNeeded(graph);
  std::multimap<std::uint32_t, TaskManagerId, std::greater<>> by_free_slots;  // Ties stay in order.
  for (const SlotOffer& offer : offers) {
    by_free_slots.emplace(offer.free_slots, offer.task_manager);
  }
  Placement placement;
  std::vector<std::uint32_t> worker_of_slot;
  for (const auto& [free_slots, task_manager] : by_free_slots) {
    const auto missing = needed - static_cast<std::uint32_t>(worker_of_slot.size());
    const std::uint32_t taken = std::min(free_slots, missing);
    if (taken == 0) {
      break;
    }
    worker_of_slot.insert(
        worker_of_slot.end(), taken, static_cast<std::uint32_t>(placement.task_managers.size()));
    placement.task_managers.push_back(task_manager);
    placement.slots.push_back(taken);
  }
  if (worker_of_slot.size() < needed) {
    return std::nullopt;
  }
  std::map<std::string, std::size_t> first_slot;
  std::size_t next = 0;
  for (const Group& group : groupsOf(graph)) {
    first_slot.emplace(group.name, next);
    next += group.slots;
  }
  for (const graph::JobVertex& vertex : graph.vertices) {
    const std::size_t first = first_slot.at(vertex.slot_sharing_group);
    const auto begin = worker_of_slot.begin() + static_cast<std::ptrdiff_t>(first);
    placement.tasks.emplace_back(begin, begin + vertex.parallelism);
  }
  return placement;
}

}  // namespace weir::jobmanager
