#include "common/base/text.h"
#include "common/wire/checkpoint.h"
#include "common/wire/deployment.h"
#include "common/wire/encoding.h"
#include "common/wire/fields.h"
#include "common/wire/messages.h"

namespace weir::wire {
namespace {

using fields::wrong;

v1::TaskUpdate toProto(const runtime::TaskUpdate& update) {
  v1::TaskUpdate to;
  *to.mutable_execution() = wire::toProto(update.execution);
  *to.mutable_task() = wire::toProto(update.task);
  to.set_state(static_cast<std::uint32_t>(update.state));
  to.set_input_ended(update.input_ended);
  to.set_cause(update.cause);
  to.set_unrecoverable(update.unrecoverable);
  for (const runtime::AccumulatorValue& value : update.accumulators) {
    *to.add_accumulators() = wire::toProto(value);
  }
  v1::TaskMetrics& metrics = *to.mutable_metrics();
  metrics.set_records_in(update.metrics.records_in);
  metrics.set_records_out(update.metrics.records_out);
  metrics.set_bytes_in(update.metrics.bytes_in);
  metrics.set_bytes_out(update.metrics.bytes_out);
  metrics.set_restored_bytes(update.metrics.restored_bytes);
  for (const runtime::StateUsage& one : update.metrics.states) {
    v1::StateUsage& usage = *metrics.add_states();
    usage.set_owner(fields::bytesOf(one.owner));
    usage.set_operator_name(one.operator_name);
    usage.set_state(one.state);
    usage.set_keys(one.keys);
    usage.set_memory_bytes(one.memory_bytes);
    usage.set_disk_bytes(one.disk_bytes);
  }
  if (!update.hold.full.empty()) {
    v1::TaskHold& hold = *to.mutable_hold();
    hold.set_operator_name(update.hold.operator_name);
    hold.set_full(update.hold.full);
    hold.set_millis(update.hold.millis);
  }
  return to;
}

Result<runtime::TaskUpdate> fromProto(const v1::TaskUpdate& from) {
  runtime::TaskUpdate to;
  WEIR_TRY(to.execution, wire::fromProto(from.execution()));
  WEIR_TRY(to.task, wire::fromProto(from.task()));
  WEIR_TRY(to.state,
           fields::number("state of a task",
                          from.state(),
                          runtime::TaskState::kCreated,
                          runtime::TaskState::kFailed));
  to.input_ended = from.input_ended();
  to.cause = cutText(from.cause());
  to.unrecoverable = from.unrecoverable();
  for (const v1::AccumulatorValue& value : from.accumulators()) {
    to.accumulators.push_back(wire::fromProto(value));
  }
  to.metrics = {from.metrics().records_in(),
                from.metrics().records_out(),
                from.metrics().bytes_in(),
                from.metrics().bytes_out(),
                from.metrics().restored_bytes()};
  for (const v1::StateUsage& one : from.metrics().states()) {
    runtime::StateUsage& usage = to.metrics.states.emplace_back();
    WEIR_TRY(usage.owner, fields::id<OperatorId>("operator", one.owner()));
    usage.operator_name = cutText(one.operator_name());
    usage.state = cutText(one.state());
    usage.keys = one.keys();
    usage.memory_bytes = one.memory_bytes();
    usage.disk_bytes = one.disk_bytes();
  }
  to.hold = {.operator_name = cutText(from.hold().operator_name()),
             .full = cutText(from.hold().full()),
             .millis = from.hold().millis()};
  return to;
}

v1::CheckpointAck toProto(const runtime::CheckpointAck& ack) {
  v1::CheckpointAck to;
  *to.mutable_execution() = wire::toProto(ack.execution);
  to.set_checkpoint(ack.checkpoint.value());
  *to.mutable_task() = wire::toProto(ack.task);
  to.set_finished(ack.finished);
  for (const runtime::OperatorSnapshot& snapshot : ack.operators) {
    *to.add_operators() = wire::toProto(snapshot);
  }
  to.set_alignment_millis(ack.alignment_millis);
  to.set_freeze_millis(ack.freeze_millis);
  to.set_write_millis(ack.write_millis);
  to.set_flush_millis(ack.flush_millis);
  to.set_queue_millis(ack.queue_millis);
  to.set_last_channel(ack.last_channel);
  to.set_unaligned(ack.unaligned);
  to.set_in_flight_bytes(ack.in_flight_bytes);
  return to;
}

v1::CheckpointDecline toProto(const runtime::CheckpointDecline& decline) {
  v1::CheckpointDecline to;
  *to.mutable_execution() = wire::toProto(decline.execution);
  to.set_checkpoint(decline.checkpoint.value());
  *to.mutable_task() = wire::toProto(decline.task);
  to.set_reason(decline.reason);
  return to;
}

Result<runtime::CheckpointDecline> fromProto(const v1::CheckpointDecline& from) {
  WEIR_TRY(auto execution, wire::fromProto(from.execution()));
  WEIR_TRY(auto task, wire::fromProto(from.task()));
  return runtime::CheckpointDecline{
      execution, CheckpointId(from.checkpoint()), task, cutText(from.reason())};
}

v1::HandleDiscarded toProto(const runtime::HandleDiscarded& discarded) {
  v1::HandleDiscarded to;
  *to.mutable_execution() = wire::toProto(discarded.execution);
  to.set_index(discarded.index);
  to.set_done(discarded.done);
  to.set_error(discarded.error);
  return to;
}

Result<runtime::HandleDiscarded> fromProto(const v1::HandleDiscarded& from) {
  WEIR_TRY(auto execution, wire::fromProto(from.execution()));
  return runtime::HandleDiscarded{execution, from.index(), from.done(), cutText(from.error())};
}

v1::Heartbeat toProto(const runtime::Heartbeat& heartbeat) {
  v1::Heartbeat to;
  to.set_sequence(heartbeat.sequence);
  to.set_free_memory(heartbeat.free_memory);
  for (const runtime::ExecutionId& execution : heartbeat.running) {
    *to.add_running() = wire::toProto(execution);
  }
  return to;
}

Result<runtime::Heartbeat> fromProto(const v1::Heartbeat& from) {
  WEIR_TRY(auto running,
           fields::all<runtime::ExecutionId>(
               from.running(), [](const v1::ExecutionId& one) { return wire::fromProto(one); }));
  return runtime::Heartbeat{from.sequence(), from.free_memory(), std::move(running)};
}

v1::WorkerExited toProto(const runtime::WorkerExited& exited) {
  v1::WorkerExited to;
  *to.mutable_execution() = wire::toProto(exited.execution);
  to.set_expected(exited.expected);
  to.set_cause(exited.cause);
  to.set_unrecoverable(exited.unrecoverable);
  return to;
}

Result<runtime::WorkerExited> fromProto(const v1::WorkerExited& from) {
  WEIR_TRY(auto execution, wire::fromProto(from.execution()));
  return runtime::WorkerExited{
      execution, from.expected(), cutText(from.cause()), from.unrecoverable()};
}

/// What a worker has said is not the session's fault: its checkpoint is declined, and all goes on.
Result<runtime::TaskManagerReport> fromProto(const v1::EncodedAck& from) {
  runtime::EncodedAck ack;
  WEIR_TRY(ack.execution, wire::fromProto(from.header().execution()));
  WEIR_TRY(ack.task, wire::fromProto(from.header().task()));
  ack.checkpoint = CheckpointId(from.header().checkpoint());
  ack.bytes = from.ack();
  auto decoded = decodeAck(ack);
  if (!decoded) {
    return runtime::TaskManagerReport(runtime::CheckpointDecline{
        ack.execution,
        ack.checkpoint,
        ack.task,
        cutText("its acknowledgement cannot be read: " + decoded.error().text())});
  }
  return runtime::TaskManagerReport(*std::move(decoded));
}

}  // namespace

Result<runtime::CheckpointAck> fromProto(const v1::CheckpointAck& from) {
  runtime::CheckpointAck to;
  WEIR_TRY(to.execution, wire::fromProto(from.execution()));
  to.checkpoint = CheckpointId(from.checkpoint());
  WEIR_TRY(to.task, wire::fromProto(from.task()));
  to.finished = from.finished();
  WEIR_TRY(
      to.operators,
      fields::all<runtime::OperatorSnapshot>(
          from.operators(), [](const v1::OperatorSnapshot& one) { return wire::fromProto(one); }));
  WEIR_RETURN_IF_ERROR(
      fields::unique("an acknowledgement", to.operators, [](const runtime::OperatorSnapshot& one) {
        return one.id.hex();
      }));
  to.alignment_millis = from.alignment_millis();
  to.freeze_millis = from.freeze_millis();
  to.write_millis = from.write_millis();
  to.flush_millis = from.flush_millis();
  to.queue_millis = from.queue_millis();
  to.last_channel = from.last_channel();
  to.unaligned = from.unaligned();
  to.in_flight_bytes = from.in_flight_bytes();
  return to;
}

v1::Registration toProto(const runtime::Registration& registration) {
  v1::Registration to;
  to.set_protocol_version(registration.protocol_version);
  to.set_id(fields::bytesOf(registration.id));
  to.set_host(registration.host);
  to.set_data_port(registration.data_port);
  to.set_slots(registration.slots);
  to.set_cpu_cores(registration.cpu_cores);
  to.set_physical_memory(registration.physical_memory);
  to.set_free_memory(registration.free_memory);
  to.set_machine_id(registration.machine_id);
  to.set_version(registration.version);
  return to;
}

Result<runtime::Registration> fromProto(const v1::Registration& from) {
  runtime::Registration to;
  to.protocol_version = from.protocol_version();
  WEIR_TRY(to.id, fields::id<TaskManagerId>("task manager", from.id()));
  to.host = from.host();
  if (to.host.empty() || from.data_port() == 0 || from.data_port() > UINT16_MAX) {
    return wrong("a registration",
                 "gives the data port '" + to.host + ":" + std::to_string(from.data_port()) + "'");
  }
  to.data_port = static_cast<std::uint16_t>(from.data_port());
  to.slots = from.slots();
  constexpr std::uint32_t kMostSlots = 65536;  // As taskmanager.numberOfTaskSlots allows.
  if (to.slots == 0 || to.slots > kMostSlots) {
    return wrong("task manager " + to.host,
                 "offers " + std::to_string(to.slots) + " slots, and 1 to 65536 are possible");
  }
  to.cpu_cores = from.cpu_cores();
  to.physical_memory = from.physical_memory();
  to.free_memory = from.free_memory();
  to.machine_id = from.machine_id();
  to.version = from.version();
  for (const std::string* text : {&to.host, &to.machine_id, &to.version}) {
    constexpr std::size_t kLongest = 1024;
    if (text->size() > kLongest || hasControlCharacter(*text)) {
      return wrong("a registration",
                   "names a host, machine or version of more than 1024 bytes or with control "
                   "characters");
    }
  }
  return to;
}

v1::AccumulatorValue toProto(const runtime::AccumulatorValue& accumulator) {
  v1::AccumulatorValue to;
  to.set_name(accumulator.name);
  to.set_type(accumulator.type);
  to.set_value(accumulator.bytes);
  return to;
}

runtime::AccumulatorValue fromProto(const v1::AccumulatorValue& from) {
  return {from.name(), from.type(), from.value()};
}

v1::FromTaskManager toProto(const runtime::TaskManagerReport& report) {
  v1::FromTaskManager to;
  std::visit(
      Overloaded{
          [&](const runtime::Heartbeat& one) { *to.mutable_heartbeat() = toProto(one); },
          [&](const std::vector<runtime::TaskUpdate>& updates) {
            v1::TaskUpdates& list = *to.mutable_updates();
            for (const runtime::TaskUpdate& update : updates) {
              *list.add_updates() = toProto(update);
            }
          },
          [&](const runtime::CheckpointAck& one) { *to.mutable_ack() = toProto(one); },
          [&](const runtime::CheckpointDecline& one) { *to.mutable_decline() = toProto(one); },
          [&](const runtime::HandleDiscarded& one) { *to.mutable_discarded() = toProto(one); },
          [&](const runtime::WorkerExited& one) { *to.mutable_exited() = toProto(one); },
          [&](const runtime::ProbeResult& one) {
            to.mutable_probe()->set_id(one.id);
            to.mutable_probe()->set_error(one.error);
          }},
      report);
  return to;
}

v1::FromTaskManager toProto(runtime::EncodedAck ack) {
  v1::FromTaskManager to;
  v1::AckHeader& header = *to.mutable_encoded_ack()->mutable_header();
  *header.mutable_execution() = toProto(ack.execution);
  header.set_checkpoint(ack.checkpoint.value());
  *header.mutable_task() = toProto(ack.task);
  to.mutable_encoded_ack()->set_ack(std::move(ack.bytes));
  return to;
}

Result<runtime::TaskManagerReport> fromProto(const v1::FromTaskManager& from) {
  using Report = runtime::TaskManagerReport;
  switch (from.report_case()) {
    case v1::FromTaskManager::kHeartbeat: {
      WEIR_TRY(auto heartbeat, fromProto(from.heartbeat()));
      return Report(std::move(heartbeat));
    }
    case v1::FromTaskManager::kUpdates: {
      WEIR_TRY(auto updates,
               fields::all<runtime::TaskUpdate>(
                   from.updates().updates(),
                   [](const v1::TaskUpdate& update) { return fromProto(update); }));
      return Report(std::move(updates));
    }
    case v1::FromTaskManager::kAck: {
      WEIR_TRY(auto ack, fromProto(from.ack()));
      return Report(std::move(ack));
    }
    case v1::FromTaskManager::kEncodedAck:
      return fromProto(from.encoded_ack());
    case v1::FromTaskManager::kDecline: {
      WEIR_TRY(auto decline, fromProto(from.decline()));
      return Report(std::move(decline));
    }
    case v1::FromTaskManager::kDiscarded: {
      WEIR_TRY(auto discarded, fromProto(from.discarded()));
      return Report(std::move(discarded));
    }
    case v1::FromTaskManager::kExited: {
      WEIR_TRY(auto exited, fromProto(from.exited()));
      return Report(std::move(exited));
    }
    case v1::FromTaskManager::kProbe:
      return Report(runtime::ProbeResult{from.probe().id(), cutText(from.probe().error())});
    default:
      return wrong("a message", "is no report that this release knows");
  }
}

v1::WorkerReport toProto(const runtime::WorkerReport& report) {
  v1::WorkerReport to;
  std::visit(
      Overloaded{
          [&](const runtime::WorkerHello& hello) {
            to.mutable_hello()->set_protocol_version(hello.protocol_version);
            to.mutable_hello()->set_version(hello.version);
            to.mutable_hello()->set_checks(true);
            to.mutable_hello()->set_stops(hello.stops);
          },
          [&](const runtime::WorkerFailed& one) {
            to.mutable_failed()->set_cause(one.cause);
            to.mutable_failed()->set_unrecoverable(one.unrecoverable);
          },
          [&](const runtime::TaskUpdate& one) { *to.mutable_update() = toProto(one); },
          [&](const runtime::CheckpointAck& one) { *to.mutable_ack() = toProto(one); },
          [&](const runtime::CheckpointDecline& one) { *to.mutable_decline() = toProto(one); },
          [&](const runtime::HandleDiscarded& one) { *to.mutable_discarded() = toProto(one); },
          [&](const runtime::LeaseTaken& one) {
            to.mutable_lease()->set_until_nanos(one.until_nanos);
          }},
      report);
  return to;
}

Result<runtime::WorkerReport> fromProto(const v1::WorkerReport& from) {
  using Report = runtime::WorkerReport;
  switch (from.report_case()) {
    case v1::WorkerReport::kHello:
      return Report(runtime::WorkerHello{
          from.hello().protocol_version(), from.hello().version(), from.hello().stops()});
    case v1::WorkerReport::kFailed:
      return Report(
          runtime::WorkerFailed{cutText(from.failed().cause()), from.failed().unrecoverable()});
    case v1::WorkerReport::kLease:
      return Report(runtime::LeaseTaken{from.lease().until_nanos()});
    case v1::WorkerReport::kUpdate: {
      WEIR_TRY(auto update, fromProto(from.update()));
      return Report(std::move(update));
    }
    case v1::WorkerReport::kAck: {
      WEIR_TRY(auto ack, fromProto(from.ack()));
      return Report(std::move(ack));
    }
    case v1::WorkerReport::kDecline: {
      WEIR_TRY(auto decline, fromProto(from.decline()));
      return Report(std::move(decline));
    }
    case v1::WorkerReport::kDiscarded: {
      WEIR_TRY(auto discarded, fromProto(from.discarded()));
      return Report(std::move(discarded));
    }
    default:
      return wrong("a message", "is no report that this release knows");
  }
}

}  // namespace weir::wire
