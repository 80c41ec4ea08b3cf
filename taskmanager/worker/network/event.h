#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/runtime/messages.h"

namespace weir::worker {

/// What travels between records, in order with them, and needs no credit. A value.
struct Event {
  enum class Kind : std::uint8_t {
    kBarrier = 2,     ///< All before it belongs to the snapshot, nothing behind it.
    kEndOfInput = 3,  ///< No record follows; barriers still do.
  };
  Kind kind = Kind::kEndOfInput;
  runtime::CheckpointOrder order;  ///< Of a barrier.

  static Event barrier(const runtime::CheckpointOrder& order) {
    return Event{Kind::kBarrier, order};
  }
  static Event endOfInput() { return Event{}; }
};

/// The payload of an event's frame; its kind is the frame's type.
std::string encodeEvent(const Event& event);
/// kCorruption for bytes that encodeEvent() has not written.
Result<Event> decodeEvent(Event::Kind kind, std::string_view bytes);

}  // namespace weir::worker
