#include "common/functions/signal_join.h"

#include <algorithm>
#include <utility>

#include "common/base/overloaded.h"

namespace weir::functions {

std::optional<Signal> SignalJoin::join(std::uint32_t index, const Signal& signal) {
  Input& input = inputs_[index];
  const auto once = [&signal](bool joined) {
    return joined ? std::optional(signal) : std::nullopt;
  };
  return std::visit(
      Overloaded{[&](const Watermark& watermark) { return advance(input, watermark.time); },
                 [&](const Barrier& barrier) { return once(deliver(input, barrier.checkpoint)); },
                 [&](const EndOfInput&) {
                   return once(!std::exchange(input.ended, true) && --open_ == 0);
                 },
                 [&](const StreamStatus& status) { return change(input, status.idle); }},
      signal);
}

std::optional<Signal> SignalJoin::advance(Input& input, std::int64_t time) {
  const bool was_idle = std::exchange(input.idle, false);
  const bool held_back = input.watermark <= watermark_;
  const bool is_new = time > input.watermark;
  input.watermark = std::max(input.watermark, time);
  return was_idle || (is_new && held_back) ? settle() : std::nullopt;
}

std::optional<Signal> SignalJoin::change(Input& input, bool idle) {
  return std::exchange(input.idle, idle) != idle ? settle() : std::nullopt;
}

std::optional<Signal> SignalJoin::settle() {
  // One that has ended holds nobody back, and does not speak for those that are idle.
  const bool all_ended = std::ranges::all_of(
      inputs_, [](const Input& input) { return input.watermark == Watermark::kEnd; });
  bool idle = true;
  std::int64_t least = Watermark::kEnd;
  std::int64_t most = Watermark::kNone;
  for (const Input& input : inputs_) {
    if (input.watermark == Watermark::kEnd && !all_ended) {
      continue;
    }
    idle = idle && input.idle;
    least = input.idle ? least : std::min(least, input.watermark);
    most = std::max(most, input.watermark);
  }
  const std::int64_t now = idle ? most : least;
  const bool changed = std::exchange(idle_, idle) != idle;
  std::optional<Signal> status = changed ? std::optional<Signal>(StreamStatus{idle}) : std::nullopt;
  if (now <= watermark_) {
    return status;
  }
  watermark_ = now;
  more_ = idle ? status : std::nullopt;  // A watermark says by itself that something comes.
  return Watermark{now};
}

bool SignalJoin::deliver(Input& input, CheckpointId checkpoint) {
  if (checkpoint <= input.barrier) {
    return false;
  }
  input.barrier = checkpoint;
  return std::ranges::all_of(inputs_,
                             [checkpoint](const Input& one) { return one.barrier == checkpoint; });
}

}  // namespace weir::functions
