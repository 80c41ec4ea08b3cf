#include "taskmanager/daemon/supervision/stderr_tail.h"

#include <algorithm>
#include <utility>

namespace weir::taskmanager {

void StderrTail::add(std::string_view bytes) {
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
    complete();
  }
}

void StderrTail::finish() {
  if (!partial_.empty()) {
    complete();
  }
}

std::vector<std::string> StderrTail::firstLines() const {
  const std::uint64_t before = count_ - lines_.size();
  const auto kept = static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(first_.size(), before));
  return {first_.begin(), first_.begin() + kept};
}

std::uint64_t StderrTail::omitted() const {
  const std::uint64_t before = count_ - lines_.size();
  return before - std::min<std::uint64_t>(first_.size(), before);
}

void StderrTail::complete() {
  std::string line = std::exchange(partial_, {});
  ++count_;
  first_full_ = first_full_ || first_.size() >= kMostFirstLines ||
                first_bytes_ + line.size() > kMostFirstBytes;
  if (!first_full_) {
    first_bytes_ += line.size();
    first_.push_back(line);
  }
  bytes_ += line.size();
  lines_.push_back(std::move(line));
  while (lines_.size() > kMostLines || bytes_ > kMostBytes) {
    bytes_ -= lines_.front().size();
    lines_.pop_front();
  }
}

}  // namespace weir::taskmanager
