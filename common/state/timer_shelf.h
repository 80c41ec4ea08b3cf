#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir::state {

/// The timers of a subtask that are far off, in order of time, where they need no memory.
///
/// What lies here is no state but an index of it: the cells of keys say which timers there are, and
/// what lies here of others is void. So no snapshot has it; a restore fills it anew from the cells
/// that fall to the subtask, and its order is that of time alone, not of key groups.
///
/// Belongs to the thread of the timers. What cannot be read or written throws, and fails the task.
class TimerShelf {
 public:
  struct Timer {
    std::int64_t time = 0;
    std::string key;         ///< As KeyedBackend::writeKey() writes it.
    std::string name_space;  ///< Its bytes.
  };

  virtual ~TimerShelf() = default;
  /// Nothing where it lies here already.
  virtual void put(std::int64_t time, std::string_view key, std::string_view name_space) = 0;
  /// Nothing where it does not lie here.
  virtual void remove(std::int64_t time, std::string_view key, std::string_view name_space) = 0;
  /// Takes out the first ones, at most so many, in order of time.
  virtual std::vector<Timer> take(std::size_t most) = 0;
  /// No timer here is before; INT64_MAX where there is none.
  virtual std::int64_t earliest() const = 0;
};

}  // namespace weir::state
