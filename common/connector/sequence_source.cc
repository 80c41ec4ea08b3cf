#include "common/connector/sequence_source.h"

#include <algorithm>

namespace weir {
namespace {

constexpr std::uint64_t kNumbersPerPoll = 256;

}  // namespace

void SequenceSource::open(RuntimeContext& context) {
  if (restored_ || from_ > to_) {
    return;
  }
  // Unsigned, since the distance may exceed what the signed type holds.
  const auto subtask = static_cast<std::uint64_t>(context.getIndexOfThisSubtask());
  const auto parallelism = static_cast<std::uint64_t>(context.getNumberOfParallelSubtasks());
  const std::uint64_t distance =
      static_cast<std::uint64_t>(to_) - static_cast<std::uint64_t>(from_);
  if (subtask <= distance) {
    ranges_.push_back({static_cast<std::int64_t>(static_cast<std::uint64_t>(from_) + subtask),
                       parallelism,
                       (distance - subtask) / parallelism + 1});
  }
}

InputStatus SequenceSource::pollNext(SourceContext<std::int64_t>& context) {
  if (!ranges_.empty()) {
    SequenceRange& range = ranges_.back();
    for (std::uint64_t i = std::min(range.left, kNumbersPerPoll); i > 0; --i) {
      const std::int64_t number = range.next;
      range.next = static_cast<std::int64_t>(static_cast<std::uint64_t>(number) + range.step);
      --range.left;
      context.collect(number);
    }
    if (range.left == 0) {
      ranges_.pop_back();
    }
  }
  return ranges_.empty() ? InputStatus::kEndOfInput : InputStatus::kMoreAvailable;
}

std::vector<SequenceRange> SequenceSource::snapshotState(std::uint64_t /*checkpoint_id*/) {
  return ranges_;
}

void SequenceSource::restoreState(const std::vector<SequenceRange>& ranges) {
  restored_ = true;
  ranges_ = ranges;
}

}  // namespace weir
