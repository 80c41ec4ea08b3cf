#include "common/wire/checkpoint.h"

#include <set>

#include "common/wire/fields.h"

namespace weir::wire {
namespace {

using fields::wrong;

const std::string& nameOf(const runtime::SavedState& info) { return info.name; }

v1::OperatorState toProto(const runtime::SavedOperator& one) {
  v1::OperatorState to;
  to.set_id(fields::bytesOf(one.id));
  to.set_uid(one.uid);
  to.set_name(one.name);
  to.set_kind(one.kind);
  to.set_siblings(one.siblings);
  to.set_parallelism(one.parallelism);
  to.set_max_parallelism(one.max_parallelism);
  to.set_fixed_parallelism_state(one.fixed_parallelism_state);
  to.set_custom_handles(one.custom_handles);
  if (one.below) {
    to.set_below(std::string(one.below->begin(), one.below->end()));
  }
  for (const runtime::OperatorConsumer& consumer : one.consumers) {
    v1::OperatorConsumer& part = *to.add_consumers();
    part.set_id(fields::bytesOf(consumer.id));
    part.set_port(consumer.port);
  }
  if (one.windows) {
    to.set_windows(record::encodeSchema(*one.windows));
  }
  for (const runtime::SavedState& info : one.states) {
    *to.add_states() = wire::toProto(info);
  }
  for (const runtime::SubtaskState& subtask : one.subtasks) {
    v1::SubtaskState& state = *to.add_subtasks();
    state.set_subtask(subtask.subtask);
    state.set_finished(subtask.finished);
    *state.mutable_handle() = wire::toProto(subtask.handle);
  }
  return to;
}

Result<runtime::SavedOperator> fromProto(const v1::OperatorState& from) {
  runtime::SavedOperator to;
  to.name = from.name();
  const std::string what = "operator '" + to.name + "'";
  WEIR_TRY(to.id, fields::id<OperatorId>(what, from.id()));
  to.uid = from.uid();
  to.kind = from.kind();
  to.siblings = from.siblings();
  to.parallelism = from.parallelism();
  to.max_parallelism = from.max_parallelism();
  WEIR_RETURN_IF_ERROR(fields::checkParallelism(what, to.parallelism, to.max_parallelism));
  to.fixed_parallelism_state = from.fixed_parallelism_state();
  to.custom_handles = from.custom_handles();
  if (!from.below().empty()) {
    WEIR_TRY(const auto below, fields::id<OperatorId>("what stood below " + what, from.below()));
    to.below = below.bytes();
  }
  for (const v1::OperatorConsumer& one : from.consumers()) {
    WEIR_TRY(const auto id, fields::id<OperatorId>("a consumer of " + what, one.id()));
    to.consumers.push_back({id, one.port()});
  }
  if (from.has_windows()) {
    WEIR_TRY(to.windows, fields::schema("windows of " + what, from.windows()));
  }
  WEIR_TRY(to.states,
           fields::all<runtime::SavedState>(from.states(), [](const v1::StateInfo& info) {
             return wire::fromProto(info);
           }).during(what));
  WEIR_RETURN_IF_ERROR(fields::unique(what, to.states, nameOf));
  std::vector<bool> known(to.parallelism);
  for (const v1::SubtaskState& one : from.subtasks()) {
    if (one.subtask() >= to.parallelism) {
      return wrong(what,
                   "has state of subtask " + std::to_string(one.subtask()) + " but only " +
                       std::to_string(to.parallelism) + " subtasks");
    }
    if (known[one.subtask()]) {
      return wrong(what, "has state of subtask " + std::to_string(one.subtask()) + " twice");
    }
    known[one.subtask()] = true;
    WEIR_TRY(auto handle, wire::fromProto(one.handle()).during(what));
    to.subtasks.push_back({one.subtask(), one.finished(), std::move(handle)});
  }
  return to;
}

}  // namespace

v1::StateHandle toProto(const runtime::SectionHandle& handle) {
  v1::StateHandle to;
  to.set_storage(static_cast<std::uint32_t>(handle.storage));
  to.set_location(handle.location);
  to.set_inline_bytes(handle.bytes);
  to.set_offset(handle.offset);
  to.set_size(handle.size);
  to.set_checksum(handle.checksum);
  for (const runtime::SharedFile& file : handle.shared) {
    v1::SharedFile& one = *to.add_shared();
    one.set_name(file.name);
    one.set_size(file.size);
  }
  return to;
}

Result<runtime::SectionHandle> fromProto(const v1::StateHandle& from) {
  using Storage = runtime::SectionHandle::Storage;
  runtime::SectionHandle to;
  WEIR_TRY(
      to.storage,
      fields::number("storage of a state handle", from.storage(), Storage::kNone, Storage::kFile));
  to.location = from.location();
  to.bytes = from.inline_bytes();
  to.offset = from.offset();
  to.size = from.size();
  to.checksum = from.checksum();
  for (const v1::SharedFile& file : from.shared()) {
    to.shared.push_back({file.name(), file.size()});
  }
  if (!to.shared.empty() && to.storage != Storage::kFile) {
    return wrong("a state handle", "shares files and is in none");
  }
  if (to.storage == Storage::kInline && to.bytes.size() != to.size) {
    return wrong(
        "an inline state handle",
        "says " + std::to_string(to.size) + " bytes and holds " + std::to_string(to.bytes.size()));
  }
  if (to.offset + to.size < to.offset) {
    return wrong("a state handle", "reaches beyond the end of every file");
  }
  return to;
}

v1::StateInfo toProto(const runtime::SavedState& info) {
  v1::StateInfo to;
  to.set_name(info.name);
  to.set_kind(static_cast<std::uint32_t>(info.kind));
  to.set_key(record::encodeSchema(info.key));
  to.set_value(record::encodeSchema(info.value));
  to.set_declared_late(info.declared_late);
  to.set_entries(info.entries);
  to.set_bytes(info.bytes);
  to.set_list_mode(static_cast<std::uint32_t>(info.mode));
  return to;
}

Result<runtime::SavedState> fromProto(const v1::StateInfo& from) {
  runtime::SavedState to;
  to.name = from.name();
  WEIR_TRY(to.kind, fields::stateKind(from.kind()));
  WEIR_TRY(to.key, fields::schema("key of state '" + to.name + "'", from.key()));
  WEIR_TRY(to.value, fields::schema("value of state '" + to.name + "'", from.value()));
  to.declared_late = from.declared_late();
  to.entries = from.entries();
  to.bytes = from.bytes();
  WEIR_TRY(to.mode,
           fields::number("the list mode of state '" + to.name + "'",
                          from.list_mode(),
                          state::ListMode::kNone,
                          state::ListMode::kBroadcast));
  return to;
}

v1::OperatorSnapshot toProto(const runtime::OperatorSnapshot& snapshot) {
  v1::OperatorSnapshot to;
  to.set_id(fields::bytesOf(snapshot.id));
  *to.mutable_handle() = toProto(snapshot.handle);
  for (const runtime::SavedState& info : snapshot.states) {
    *to.add_states() = toProto(info);
  }
  to.set_description(snapshot.description);
  for (const runtime::StateAmount& amount : snapshot.amounts) {
    to.add_entries(amount.entries);
    to.add_bytes(amount.bytes);
  }
  return to;
}

Result<runtime::OperatorSnapshot> fromProto(const v1::OperatorSnapshot& from) {
  runtime::OperatorSnapshot to;
  WEIR_TRY(to.id, fields::id<OperatorId>("operator of a snapshot", from.id()));
  WEIR_TRY(to.handle, fromProto(from.handle()));
  WEIR_TRY(to.states,
           fields::all<runtime::SavedState>(
               from.states(), [](const v1::StateInfo& info) { return fromProto(info); }));
  WEIR_RETURN_IF_ERROR(fields::unique("the snapshot of an operator", to.states, nameOf));
  to.description = from.description();
  const bool amounts_fit =
      from.entries_size() == from.bytes_size() &&
      (from.entries().empty() || (from.states().empty() && to.description != 0));
  if (!amounts_fit) {
    return wrong("the snapshot of an operator", "has amounts of states that it does not name");
  }
  for (int i = 0; i < from.entries_size(); ++i) {
    to.amounts.push_back({from.entries(i), from.bytes(i)});
  }
  return to;
}

v1::CheckpointMetadata toProto(const runtime::CheckpointMetadata& metadata) {
  v1::CheckpointMetadata to;
  to.set_writer(metadata.writer);
  to.set_job(fields::bytesOf(metadata.job));
  to.set_job_name(metadata.job_name);
  to.set_checkpoint(metadata.checkpoint.value());
  to.set_savepoint(metadata.savepoint);
  to.set_trigger_millis(metadata.trigger_millis);
  to.set_duration_millis(metadata.duration_millis);
  to.set_max_parallelism(metadata.max_parallelism);
  to.set_data_directory(metadata.data_directory);
  to.set_location(metadata.location);
  to.set_exported(metadata.exported);
  to.set_program_hash(metadata.program_hash);
  for (const runtime::SavedOperator& one : metadata.operators) {
    *to.add_operators() = toProto(one);
  }
  return to;
}

Result<runtime::CheckpointMetadata> fromProto(const v1::CheckpointMetadata& from) {
  runtime::CheckpointMetadata to;
  to.writer = from.writer();
  WEIR_TRY(to.job, fields::id<JobId>("job", from.job()));
  to.job_name = from.job_name();
  to.checkpoint = CheckpointId(from.checkpoint());
  to.savepoint = from.savepoint();
  to.trigger_millis = from.trigger_millis();
  to.duration_millis = from.duration_millis();
  to.max_parallelism = from.max_parallelism();
  WEIR_RETURN_IF_ERROR(fields::checkParallelism("the job", 1, to.max_parallelism));
  to.data_directory = from.data_directory();
  to.location = from.location();
  to.exported = from.exported();
  to.program_hash = from.program_hash();
  WEIR_TRY(to.operators,
           fields::all<runtime::SavedOperator>(
               from.operators(), [](const v1::OperatorState& one) { return fromProto(one); }));
  WEIR_RETURN_IF_ERROR(
      fields::unique("the list of operators", to.operators, [](const runtime::SavedOperator& one) {
        return one.id.hex();
      }));
  std::set<OperatorId> ids;
  for (const runtime::SavedOperator& one : to.operators) {
    ids.insert(one.id);
  }
  for (const runtime::SavedOperator& one : to.operators) {
    for (const runtime::OperatorConsumer& consumer : one.consumers) {
      if (!ids.contains(consumer.id)) {
        return wrong("operator '" + one.name + "'",
                     "has the consumer " + consumer.id.hex() + ", which is not there");
      }
    }
  }
  return to;
}

}  // namespace weir::wire
