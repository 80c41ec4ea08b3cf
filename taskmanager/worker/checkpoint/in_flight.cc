#include "taskmanager/worker/checkpoint/in_flight.h"

#include <span>
#include <utility>

#include "common/base/bytes.h"
#include "common/functions/edge_channel.h"
#include "common/record/migrate.h"
#include "common/record/serializer.h"

namespace weir::worker {

namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kRecords = 1;
constexpr std::uint8_t kWatermark = 2;

std::string encodeEdge(const InFlightEdge& edge) {
  Writer to;
  to.put(kVersion);
  to.put(static_cast<std::uint8_t>(edge.partitioning));
  to.put(edge.producers);
  return to.str() + record::encodeSchema(edge.schema);
}

std::string encodeElement(const OvertakenElement& one) {
  Writer to;
  if (const auto* buffer = std::get_if<functions::Buffer>(&one.element)) {
    to.put(kRecords);
    to.put(one.producer);
    std::string bytes = to.str();
    bytes.append(reinterpret_cast<const char*>(buffer->data()), buffer->size());
    return bytes;
  }
  to.put(kWatermark);
  to.put(one.producer);
  to.put(std::get<functions::Watermark>(std::get<functions::Signal>(one.element)).time);
  return to.str();
}

Status decodeEdge(std::string_view bytes, InFlightEdge& edge, const state::SectionReader& section) {
  constexpr std::size_t kFields = 1 + 1 + sizeof edge.producers;
  Reader from(bytes);
  const auto version = from.get<std::uint8_t>();
  edge.partitioning = static_cast<graph::Partitioning>(from.get<std::uint8_t>());
  edge.producers = from.get<std::uint32_t>();
  if (from.failed() || version != kVersion) {
    return section.corrupt("state '" + edge.name + "' does not begin with its edge");
  }
  WEIR_TRY(edge.schema, record::decodeSchema(bytes.substr(kFields)));
  return ok();
}

Result<OvertakenElement> decodeElement(std::string_view bytes,
                                       const std::string& name,
                                       const state::SectionReader& section) {
  constexpr std::size_t kFields = 1 + sizeof(std::uint32_t);
  Reader from(bytes);
  OvertakenElement one;
  const auto kind = from.get<std::uint8_t>();
  one.producer = from.get<std::uint32_t>();
  if (!from.failed() && kind == kRecords) {
    one.element = functions::copyOf(std::as_bytes(std::span(bytes.substr(kFields))));
    return one;
  }
  one.element = functions::Signal(functions::Watermark{from.get<std::int64_t>()});
  if (from.failed() || kind != kWatermark || from.remaining() != 0) {
    return section.corrupt("state '" + name + "' holds neither records nor a watermark");
  }
  return one;
}

/// Delegates all but the writing, behind which it adds what is in flight.
class FrozenWithInFlight final : public state::FrozenState {
 public:
  FrozenWithInFlight(std::unique_ptr<state::FrozenState> state,
                     std::vector<state::OperatorState> in_flight)
      : state_(std::move(state)), in_flight_(std::move(in_flight)) {}

  Status write(state::SectionWriter& to) const override {
    if (state_ != nullptr) {
      WEIR_RETURN_IF_ERROR(state_->write(to));
    }
    for (const state::OperatorState& one : in_flight_) {
      WEIR_RETURN_IF_ERROR(state::writeOperatorState(to, one));
    }
    return ok();
  }
  bool share() override { return state_ != nullptr && state_->share(); }
  Result<state::SharedTables> settle() override { return state_->settle(); }
  std::function<void()> onAbandoned() const override {
    return state_ == nullptr ? std::function<void()>() : state_->onAbandoned();
  }

 private:
  std::unique_ptr<state::FrozenState> state_;  // May be null.
  std::vector<state::OperatorState> in_flight_;
};

}  // namespace

std::uint64_t InFlightRecords::bytes() const {
  std::uint64_t sum = 0;
  for (const OvertakenElement& one : elements) {
    const auto* buffer = std::get_if<functions::Buffer>(&one.element);
    sum += buffer == nullptr ? 0 : buffer->size();
  }
  return sum;
}

state::OperatorState encodeInFlight(const InFlightRecords& records) {
  state::OperatorState state;
  state.info.name = records.edge.name;
  state.info.kind = state::StateKind::kInFlight;
  state.info.schema = record::schemaOf<std::string>();
  state.records = records.edge.schema;
  const auto add = [&state](const std::string& bytes) {
    state.elements.push_back(state::encodeElement(bytes));
  };
  add(encodeEdge(records.edge));
  for (const OvertakenElement& one : records.elements) {
    add(encodeElement(one));
  }
  return state;
}

Result<InFlightRecords> decodeInFlight(const state::SectionReader& section, std::size_t state) {
  InFlightRecords records;
  records.edge.name = section.states()[state].name;
  bool first = true;
  const record::Schema text = record::schemaOf<std::string>();
  WEIR_RETURN_IF_ERROR(section.readElements(state, [&](std::string_view element) -> Status {
    WEIR_TRY(const std::string bytes, state::decodeElement<std::string>(element, text));
    if (std::exchange(first, false)) {
      return decodeEdge(bytes, records.edge, section);
    }
    WEIR_TRY(auto one, decodeElement(bytes, records.edge.name, section));
    records.elements.push_back(std::move(one));
    return ok();
  }));
  if (first) {
    return section.corrupt("state '" + records.edge.name + "' does not name its edge");
  }
  return records;
}

namespace {

/// The records of a buffer, as an edge of the program's type would have written them.
Result<functions::Buffer> migrateBuffer(const functions::Buffer& buffer,
                                        const record::Schema& written,
                                        const record::Schema& now) {
  Reader from(reinterpret_cast<const char*>(buffer.data()), buffer.size());
  Writer to;
  const auto header = from.get<std::byte>();
  to.put(header);
  while (!from.failed() && from.remaining() != 0) {
    const std::size_t before = from.remaining();
    const std::size_t written_before = to.size();
    record::migrateValue(from, written, now, to);
    if (from.remaining() == before) {
      from.get<std::uint8_t>();  // Stands for a record without contents, as the next one.
    }
    if (to.size() == written_before) {
      to.put(std::uint8_t{0});
    }
    if (header == functions::kTimestampedBuffer) {
      to.put(from.get<std::int64_t>());
    }
  }
  if (from.failed()) {
    return Error(ErrorCode::kCorruption,
                 "records in flight do not read as " + record::describeSchema(written));
  }
  return functions::copyOf(std::as_bytes(std::span(to.view())));
}

}  // namespace

Status migrateInFlight(InFlightRecords& records, const record::Schema& now) {
  for (OvertakenElement& one : records.elements) {
    if (const auto* buffer = std::get_if<functions::Buffer>(&one.element)) {
      WEIR_TRY(one.element, migrateBuffer(*buffer, records.edge.schema, now));
    }
  }
  records.edge.schema = now;
  return ok();
}

std::unique_ptr<state::FrozenState> withInFlight(std::unique_ptr<state::FrozenState> state,
                                                 const std::vector<InFlightRecords>& in_flight) {
  std::vector<state::OperatorState> states;
  for (const InFlightRecords& one : in_flight) {
    states.push_back(encodeInFlight(one));
  }
  return std::make_unique<FrozenWithInFlight>(std::move(state), std::move(states));
}

}  // namespace weir::worker
