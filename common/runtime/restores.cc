#include "common/runtime/restores.h"

#include <utility>

namespace weir::runtime {

namespace {

constexpr std::uint32_t kUnused = 0xffff'ffff;
constexpr std::uint64_t kHandleFields = 48;  // Numbers and lengths around bytes and location.

/// Where the used sections of one list stand in the list of a share.
struct UsedPart {
  std::uint32_t list = kUnused;
  std::vector<std::uint32_t> position;  // By old position, and one more at the end.
};

UsedPart partOf(const std::vector<RestoreSection>& list, const std::vector<bool>& used) {
  UsedPart part;
  std::uint32_t next = 0;
  for (std::size_t i = 0; i < list.size(); ++i) {
    part.position.push_back(next);
    next += used[i] ? 1 : 0;
  }
  part.position.push_back(next);
  return part;
}

}  // namespace

std::span<const RestoreSection> Restores::sectionsOf(const OperatorRestoreOrder& order) const {
  if (order.count == 0) {
    return {};
  }
  return std::span(lists.at(order.list)).subspan(order.first, order.count);
}

void Restores::give(OperatorRestoreOrder& order, std::vector<RestoreSection> sections) {
  order.list = static_cast<std::uint32_t>(lists.size());
  order.first = 0;
  order.count = static_cast<std::uint32_t>(sections.size());
  lists.push_back(std::move(sections));
}

Restores shareOf(const Restores& from, const std::vector<const TaskRestore*>& tasks) {
  // An order begins and ends a run of sections; between the two they are used.
  std::vector<std::vector<std::int64_t>> changes(from.lists.size());
  for (const TaskRestore* task : tasks) {
    for (const OperatorRestoreOrder& order : task->operators) {
      if (order.count > 0) {
        auto& change = changes[order.list];
        change.resize(from.lists[order.list].size() + 1);
        ++change[order.first];
        --change[order.first + order.count];
      }
    }
  }
  Restores share;
  std::vector<UsedPart> parts(from.lists.size());
  for (std::size_t list = 0; list < from.lists.size(); ++list) {
    if (changes[list].empty()) {
      continue;
    }
    std::vector<bool> used;
    std::vector<RestoreSection> sections;
    std::int64_t readers = 0;
    for (std::size_t i = 0; i < from.lists[list].size(); ++i) {
      readers += changes[list][i];
      used.push_back(readers > 0);
      if (readers > 0) {
        sections.push_back(from.lists[list][i]);
      }
    }
    parts[list] = partOf(from.lists[list], used);
    parts[list].list = static_cast<std::uint32_t>(share.lists.size());
    share.lists.push_back(std::move(sections));
  }
  for (const TaskRestore* task : tasks) {
    share.tasks.push_back(*task);
    for (OperatorRestoreOrder& order : share.tasks.back().operators) {
      const bool empty = order.count == 0;
      order.first = empty ? 0 : parts[order.list].position[order.first];
      order.list = empty ? 0 : parts[order.list].list;
    }
  }
  return share;
}

std::uint64_t bytesOf(const SectionHandle& handle) {
  return kHandleFields + handle.bytes.size() + handle.location.size();
}

std::uint64_t bytesOfRepeated(const Restores& restores) {
  std::vector<std::vector<std::uint64_t>> sums;  // Of the sections before each.
  for (const auto& list : restores.lists) {
    auto& sum = sums.emplace_back(1, 0);
    for (const RestoreSection& section : list) {
      sum.push_back(sum.back() + bytesOf(section.handle));
    }
  }
  std::uint64_t bytes = 0;
  for (const TaskRestore& task : restores.tasks) {
    for (const OperatorRestoreOrder& order : task.operators) {
      if (order.count > 0) {
        bytes += sums[order.list][order.first + order.count] - sums[order.list][order.first];
      }
    }
  }
  return bytes;
}

}  // namespace weir::runtime
