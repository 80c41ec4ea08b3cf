#include "jobmanager/scheduler/restore_progress.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <vector>

#include "jobmanager/checkpoint/short_duration.h"

namespace weir::jobmanager {
namespace {

constexpr auto kSoonest = std::chrono::seconds(1);  // Before, nothing is foretold.
/// Before one in so many of the bytes is restored, it tells nothing of the others.
constexpr std::uint64_t kLeastShare = 20;

std::string bytesText(std::uint64_t bytes) {
  constexpr std::array kUnits{"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", value, kUnits[unit]);
  return text.data();
}

/// How many orders read each section, by list.
std::vector<std::vector<std::uint32_t>> readersOf(const runtime::Restores& restores) {
  std::vector<std::vector<std::uint32_t>> readers;
  readers.reserve(restores.lists.size());
  for (const auto& list : restores.lists) {
    readers.emplace_back(list.size(), 0);
  }
  // What begins and ends is counted, so that shared lists cost no more than their length.
  std::vector<std::vector<std::int64_t>> changes;
  for (const auto& list : restores.lists) {
    changes.emplace_back(list.size() + 1, 0);
  }
  for (const runtime::TaskRestore& task : restores.tasks) {
    for (const runtime::OperatorRestoreOrder& order : task.operators) {
      if (order.count > 0) {
        ++changes[order.list][order.first];
        --changes[order.list][order.first + order.count];
      }
    }
  }
  for (std::size_t list = 0; list < readers.size(); ++list) {
    std::int64_t now = 0;
    for (std::size_t i = 0; i < readers[list].size(); ++i) {
      now += changes[list][i];
      readers[list][i] = static_cast<std::uint32_t>(now);
    }
  }
  return readers;
}

}  // namespace

RestoreProgress::RestoreProgress(const runtime::Restores& restores, SteadyTime began)
    : began_(began) {
  const auto readers = readersOf(restores);
  std::vector<std::vector<std::uint64_t>> sums;  // Of the shares before each section.
  for (std::size_t list = 0; list < restores.lists.size(); ++list) {
    auto& sum = sums.emplace_back(1, 0);
    for (std::size_t i = 0; i < restores.lists[list].size(); ++i) {
      const std::uint32_t count = readers[list][i];
      sum.push_back(sum.back() + (count == 0 ? 0 : restores.lists[list][i].handle.size / count));
    }
  }
  for (const runtime::TaskRestore& task : restores.tasks) {
    std::uint64_t bytes = 0;
    for (const runtime::OperatorRestoreOrder& order : task.operators) {
      if (order.count > 0) {
        bytes += sums[order.list][order.first + order.count] - sums[order.list][order.first];
      }
    }
    shares_[task.task].bytes += bytes;
    total_ += bytes;
  }
}

void RestoreProgress::heard(const runtime::TaskUpdate& update) {
  const auto found = shares_.find(update.task);
  if (found == shares_.end()) {
    return;
  }
  Share& share = found->second;
  const std::uint64_t done = update.state >= runtime::TaskState::kRunning
                                 ? share.bytes
                                 : std::min(share.bytes, update.metrics.restored_bytes);
  done_ += std::max(done, share.done) - share.done;
  share.done = std::max(done, share.done);
}

std::string RestoreProgress::waitsFor(std::size_t starting,
                                      std::size_t tasks,
                                      SteadyTime now) const {
  return starting == 0 ? std::string()
                       : "for " + std::to_string(starting) + " of " + std::to_string(tasks) +
                             " tasks to start" + text(now);
}

std::string RestoreProgress::text(SteadyTime now) const {
  if (total_ == 0) {
    return "";
  }
  std::string text = ": " + bytesText(done_) + " of " + bytesText(total_) + " are restored";
  const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(now - began_);
  if (done_ > total_ / kLeastShare && done_ < total_ && passed >= kSoonest) {
    const double left = static_cast<double>(total_ - done_) / static_cast<double>(done_) *
                        static_cast<double>(passed.count());
    text += ", about " + shortDuration(static_cast<std::int64_t>(left)) + " are left";
  }
  return text;
}

}  // namespace weir::jobmanager
