#pragma once

#include <cstdint>

namespace weir {

/// A run of key groups, both ends included: the part of the keys that one subtask owns.
struct KeyGroupRange {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  bool contains(std::uint32_t group) const { return first <= group && group <= last; }
  std::uint32_t size() const { return last - first + 1; }
  bool operator==(const KeyGroupRange&) const = default;
};

/// The group of a key with this keyHash(), below `max_parallelism`.
inline std::uint32_t keyGroupOf(std::uint64_t hash, std::uint32_t max_parallelism) {
  return static_cast<std::uint32_t>(((hash >> 32) * max_parallelism) >> 32);
}

/// Which of `parallelism` subtasks owns a group.
inline std::uint32_t subtaskOf(std::uint32_t key_group,
                               std::uint32_t parallelism,
                               std::uint32_t max_parallelism) {
  return static_cast<std::uint32_t>(std::uint64_t{key_group} * parallelism / max_parallelism);
}

/// The groups that `subtask` owns: those g with subtaskOf(g, ...) == subtask. Needs parallelism <=
/// max_parallelism.
inline KeyGroupRange keyGroupRangeOf(std::uint32_t subtask,
                                     std::uint32_t parallelism,
                                     std::uint32_t max_parallelism) {
  const std::uint64_t from = std::uint64_t{subtask} * max_parallelism;
  const std::uint64_t to = from + max_parallelism;
  return {static_cast<std::uint32_t>((from + parallelism - 1) / parallelism),
          static_cast<std::uint32_t>((to - 1) / parallelism)};
}

}  // namespace weir
