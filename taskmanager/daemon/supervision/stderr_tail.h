#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace weir::taskmanager {

/// What a process wrote to standard error: its first lines, and its last ones. Belongs to one
/// thread.
class StderrTail {
 public:
  static constexpr std::size_t kMostLines = 40;
  static constexpr std::size_t kMostBytes = 8 * 1024;
  static constexpr std::size_t kMostFirstLines = 10;
  static constexpr std::size_t kMostFirstBytes = 2 * 1024;

  /// Takes what was read. A line of more than 8 KiB is cut into pieces.
  void add(std::string_view bytes);
  /// What stands behind the last newline becomes a line, if anything does.
  void finish();

  /// The last ones, at most 40 and at most 8 KiB, oldest first, without newlines.
  const std::deque<std::string>& lines() const { return lines_; }
  /// The first ones that are not among the last any more, at most 10 and at most 2 KiB.
  std::vector<std::string> firstLines() const;
  /// How many stood between the first and the last ones.
  std::uint64_t omitted() const;

 private:
  void complete();

  std::vector<std::string> first_;
  std::size_t first_bytes_ = 0;
  bool first_full_ = false;
  std::deque<std::string> lines_;
  std::size_t bytes_ = 0;
  std::uint64_t count_ = 0;  // Of all lines.
  std::string partial_;
};

}  // namespace weir::taskmanager
