#include "common/functions/signal_join.h"

#include <algorithm>
#include <utility>

#include "common/base/overloaded.h"

namespace weir::functions {

std::optional<Signal> SignalJoin::join(std::uint32_t index, const Signal& signal) {
  Input& input = inputs_[index];
  const bool joined = std::visit(
      Overloaded{
          [&](const Watermark& watermark) { return advance(input, watermark.time); },
          [&](const Barrier& barrier) { return deliver(input, barrier.checkpoint); },
          [&](const EndOfInput&) { return !std::exchange(input.ended, true) && --open_ == 0; }},
      signal);
  if (!joined) {
    return std::nullopt;
  }
  return std::holds_alternative<Watermark>(signal) ? Signal(Watermark{watermark_}) : signal;
}

bool SignalJoin::advance(Input& input, std::int64_t time) {
  if (time <= input.watermark) {
    return false;
  }
  const bool held_back = input.watermark == watermark_;
  input.watermark = time;
  if (!held_back) {
    return false;
  }
  const std::int64_t least = std::ranges::min_element(inputs_, {}, &Input::watermark)->watermark;
  return std::exchange(watermark_, least) < least;
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
