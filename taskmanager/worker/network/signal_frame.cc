#include "taskmanager/worker/network/signal_frame.h"

#include "common/base/bytes.h"
#include "common/base/overloaded.h"

namespace weir::worker {

namespace {

constexpr std::uint8_t kSavepoint = 1;
constexpr std::uint8_t kStops = 2;
constexpr std::uint8_t kUnaligned = 4;
constexpr std::uint8_t kDrains = 8;

}  // namespace

using functions::Barrier;
using functions::EndOfInput;
using functions::LoopMark;
using functions::Signal;
using functions::StreamStatus;
using functions::Watermark;

OutFrame encodeSignal(std::uint32_t channel, const Signal& signal) {
  Writer writer;
  const FrameType type = std::visit(
      Overloaded{[&](const Watermark& watermark) {
                   writer.put(watermark.time);
                   return FrameType::kWatermark;
                 },
                 [&](const Barrier& barrier) {
                   writer.put(barrier.checkpoint.value());
                   writer.put(barrier.timestamp_millis);
                   writer.put(static_cast<std::uint8_t>(
                       (barrier.savepoint ? kSavepoint : 0) | (barrier.stops ? kStops : 0) |
                       (barrier.unaligned ? kUnaligned : 0) | (barrier.drains ? kDrains : 0)));
                   return FrameType::kBarrier;
                 },
                 [](const EndOfInput&) { return FrameType::kEndOfInput; },
                 [&](const StreamStatus& status) {
                   writer.put(static_cast<std::uint8_t>(status.idle ? 1 : 0));
                   return FrameType::kStreamStatus;
                 },
                 [&](const LoopMark& mark) {
                   writer.put(mark.loop);
                   writer.put(mark.round);
                   writer.put(mark.heat);
                   return FrameType::kLoopMark;
                 }},
      signal);
  return OutFrame::of(type, channel, writer.str());
}

bool isSignal(FrameType type) {
  return type == FrameType::kWatermark || type == FrameType::kBarrier ||
         type == FrameType::kEndOfInput || type == FrameType::kStreamStatus ||
         type == FrameType::kLoopMark;
}

Result<Signal> decodeSignal(FrameType type, std::string_view bytes) {
  Reader reader(bytes);
  Signal signal = EndOfInput{};
  if (type == FrameType::kWatermark) {
    signal = Watermark{reader.get<std::int64_t>()};
  } else if (type == FrameType::kStreamStatus) {
    signal = StreamStatus{reader.get<std::uint8_t>() != 0};
  } else if (type == FrameType::kLoopMark) {
    LoopMark mark;
    mark.loop = reader.get<std::uint32_t>();
    mark.round = reader.get<std::uint32_t>();
    mark.heat = reader.get<std::uint32_t>();
    signal = mark;
  } else if (type == FrameType::kBarrier) {
    Barrier barrier;
    barrier.checkpoint = CheckpointId(reader.get<std::uint64_t>());
    barrier.timestamp_millis = reader.get<std::int64_t>();
    const auto kind = reader.get<std::uint8_t>();
    barrier.savepoint = (kind & kSavepoint) != 0;
    barrier.stops = (kind & kStops) != 0;
    barrier.unaligned = (kind & kUnaligned) != 0;
    barrier.drains = (kind & kDrains) != 0;
    signal = barrier;
  }
  if (!isSignal(type) || reader.failed() || reader.remaining() != 0) {
    return Error(ErrorCode::kCorruption,
                 "a frame of type " + std::to_string(static_cast<int>(type)) +
                     " between workers has a payload of " + std::to_string(bytes.size()) +
                     " bytes that does not read as a signal");
  }
  return signal;
}

}  // namespace weir::worker
