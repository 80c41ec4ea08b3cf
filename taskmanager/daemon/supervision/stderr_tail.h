#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

namespace weir::taskmanager {

/// The last lines that a process wrote to standard error: at most 20 and at most 8 KiB.
/// Belongs to one thread.
class StderrTail {
 public:
  static constexpr std::size_t kMostLines = 20;
  static constexpr std::size_t kMostBytes = 8 * 1024;

  /// Takes what was read and returns the whole lines that it completes, with their newlines. A line
  /// of more than 8 KiB is cut into pieces.
  std::string add(std::string_view bytes);
  /// What stands behind the last newline becomes a line, if anything does.
  std::string finish();

  /// Without newlines, oldest first.
  const std::deque<std::string>& lines() const { return lines_; }

 private:
  std::string complete();
  void keep(std::string line);

  std::deque<std::string> lines_;
  std::size_t bytes_ = 0;
  std::string partial_;
};

}  // namespace weir::taskmanager
