#include "taskmanager/daemon/supervision/stderr_tail.h"

#include <algorithm>
#include <utility>

namespace weir::taskmanager {

std::string StderrTail::add(std::string_view bytes) {
  std::string whole;
  while (!bytes.empty()) {
    const std::size_t newline = bytes.find('\n');
    const std::size_t room = kMostBytes - partial_.size();
    if (newline != std::string_view::npos && newline <= room) {
      partial_.append(bytes.substr(0, newline));
      bytes.remove_prefix(newline + 1);
    } else {
      partial_.append(bytes.substr(0, room));
      bytes.remove_prefix(std::min(room, bytes.size()));
      if (partial_.size() < kMostBytes) {
        break;
      }
    }
    whole += complete();
  }
  return whole;
}

std::string StderrTail::finish() { return partial_.empty() ? "" : complete(); }

std::string StderrTail::complete() {
  std::string line = std::exchange(partial_, {});
  std::string whole = line + "\n";
  keep(std::move(line));
  return whole;
}

void StderrTail::keep(std::string line) {
  bytes_ += line.size();
  lines_.push_back(std::move(line));
  while (lines_.size() > kMostLines || bytes_ > kMostBytes) {
    bytes_ -= lines_.front().size();
    lines_.pop_front();
  }
}

}  // namespace weir::taskmanager
