#include "common/functions/signal_join.h"

#include <algorithm>
#include <utility>

#include "common/base/overloaded.h"

namespace weir::functions {

namespace {

/// That of a loop, with round 0 where there is none yet.
LoopMark& markOf(std::vector<LoopMark>& marks, std::uint32_t loop) {
  const auto found = std::ranges::find(marks, loop, &LoopMark::loop);
  return found != marks.end() ? *found : marks.emplace_back(LoopMark{loop, 0, 0});
}

}  // namespace

std::optional<Signal> SignalJoin::join(std::uint32_t index, const Signal& signal) {
  Input& input = inputs_[index];
  const auto once = [&signal](bool joined) {
    return joined ? std::optional(signal) : std::nullopt;
  };
  return std::visit(
      Overloaded{[&](const Watermark& watermark) { return advance(input, watermark.time); },
                 [&](const Barrier& barrier) { return once(deliver(input, barrier.checkpoint)); },
                 [&](const EndOfInput&) { return end(input, signal); },
                 [&](const StreamStatus& status) { return change(input, status.idle); },
                 [&](const LoopMark& one) {
                   markOf(input.marks, one.loop) = one;
                   return mark(one.loop);
                 }},
      signal);
}

std::optional<Signal> SignalJoin::end(Input& input, const Signal& signal) {
  if (std::exchange(input.ended, true)) {
    return std::nullopt;
  }
  if (--open_ == 0) {
    return signal;
  }
  for (const LoopMark& one : std::vector<LoopMark>(input.marks)) {  // Others may wait for no other.
    more_ = more_ ? more_ : mark(one.loop);
  }
  for (const Input& other : inputs_) {
    for (const LoopMark& one : other.marks) {
      more_ = more_ ? more_ : mark(one.loop);
    }
  }
  return std::exchange(more_, std::nullopt);
}

std::optional<Signal> SignalJoin::mark(std::uint32_t loop) {
  LoopMark& passed = markOf(passed_, loop);
  LoopMark next{loop, passed.round + 1, 0};
  for (Input& input : inputs_) {
    if (input.ended) {
      continue;
    }
    const LoopMark& one = markOf(input.marks, loop);
    if (one.round < next.round) {
      return std::nullopt;
    }
    next.heat = std::max(next.heat, one.heat);
  }
  passed = next;
  return next;
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
  bool idle = true;
  std::int64_t least = Watermark::kEnd;
  std::int64_t most = Watermark::kNone;
  for (const Input& input : inputs_) {
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
