#include "taskmanager/worker/network/event.h"

#include "common/base/bytes.h"

namespace weir::worker {

std::string encodeEvent(const Event& event) {
  Writer writer;
  if (event.kind == Event::Kind::kBarrier) {
    writer.put(event.order.checkpoint.value());
    writer.put(event.order.timestamp_millis);
    writer.put(static_cast<std::uint8_t>(event.order.savepoint));
  }
  return writer.str();
}

Result<Event> decodeEvent(Event::Kind kind, std::string_view bytes) {
  Event event;
  event.kind = kind;
  Reader reader(bytes);
  if (kind == Event::Kind::kBarrier) {
    event.order.checkpoint = CheckpointId(reader.get<std::uint64_t>());
    event.order.timestamp_millis = reader.get<std::int64_t>();
    event.order.savepoint = reader.get<std::uint8_t>() != 0;
  }
  if (reader.failed() || reader.remaining() != 0) {
    return Error(ErrorCode::kCorruption,
                 "an event between workers has a payload of " + std::to_string(bytes.size()) +
                     " bytes that does not read as one");
  }
  return event;
}

}  // namespace weir::worker
