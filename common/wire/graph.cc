#include "common/wire/graph.h"

#include <cmath>

#include "common/wire/fields.h"
#include "common/wire/graph_checks.h"

namespace weir::wire {
namespace {

using fields::millis;
using fields::wrong;

v1::DeclaredState toProto(const graph::StateDeclaration& state) {
  v1::DeclaredState to;
  to.set_name(state.name);
  to.set_kind(static_cast<std::uint32_t>(state.kind));
  to.set_key(record::encodeSchema(state.key));
  to.set_value(record::encodeSchema(state.value));
  for (const std::string& former : state.former_names) {
    to.add_former_names(former);
  }
  return to;
}

Result<graph::StateDeclaration> fromProto(const v1::DeclaredState& from) {
  graph::StateDeclaration to;
  to.name = from.name();
  WEIR_TRY(to.kind, fields::stateKind(from.kind()));
  WEIR_TRY(to.key, fields::schema("key of state '" + to.name + "'", from.key()));
  WEIR_TRY(to.value, fields::schema("value of state '" + to.name + "'", from.value()));
  to.former_names.assign(from.former_names().begin(), from.former_names().end());
  return to;
}

v1::JobOperator toProto(const graph::JobOperator& one) {
  v1::JobOperator to;
  to.set_id(fields::bytesOf(one.id));
  to.set_uid(one.uid);
  to.set_name(one.name);
  to.set_kind(one.kind);
  to.set_siblings(one.siblings);
  to.set_parallelism(one.parallelism);
  to.set_max_parallelism(one.max_parallelism);
  for (const graph::StateDeclaration& state : one.states) {
    *to.add_states() = toProto(state);
  }
  to.set_stateful(one.stateful);
  to.set_all_states_declared(one.all_states_declared);
  if (one.windows) {
    to.set_windows(record::encodeSchema(*one.windows));
  }
  to.set_fixed_parallelism_state(one.fixed_parallelism_state);
  to.set_custom_handles(one.custom_handles);
  to.set_payload(one.payload);
  if (one.buffer_timeout) {
    to.set_buffer_timeout_millis(millis(*one.buffer_timeout));
  }
  return to;
}

Result<graph::JobOperator> fromProto(const v1::JobOperator& from) {
  graph::JobOperator to;
  to.name = from.name();
  const std::string what = "operator '" + to.name + "'";
  WEIR_TRY(to.id, fields::id<OperatorId>(what, from.id()));
  to.uid = from.uid();
  to.kind = from.kind();
  to.siblings = from.siblings();
  to.parallelism = from.parallelism();
  to.max_parallelism = from.max_parallelism();
  WEIR_RETURN_IF_ERROR(fields::checkParallelism(what, to.parallelism, to.max_parallelism));
  WEIR_TRY(to.states,
           fields::all<graph::StateDeclaration>(from.states(), [](const v1::DeclaredState& state) {
             return fromProto(state);
           }).during(what));
  to.stateful = from.stateful();
  to.all_states_declared = from.all_states_declared();
  if (from.has_windows()) {
    WEIR_TRY(to.windows, fields::schema("windows of " + what, from.windows()));
  }
  to.fixed_parallelism_state = from.fixed_parallelism_state();
  to.custom_handles = from.custom_handles();
  to.payload = from.payload();
  if (from.has_buffer_timeout_millis()) {
    // -1: a buffer waits until it is full.
    WEIR_TRY(to.buffer_timeout,
             fields::duration("buffer timeout of " + what, from.buffer_timeout_millis(), -1));
  }
  return to;
}

v1::JobVertex toProto(const graph::JobVertex& vertex) {
  v1::JobVertex to;
  to.set_id(fields::bytesOf(vertex.id));
  to.set_name(vertex.name);
  to.set_parallelism(vertex.parallelism);
  to.set_max_parallelism(vertex.max_parallelism);
  to.set_slot_sharing_group(vertex.slot_sharing_group);
  to.mutable_operators()->Assign(vertex.operators.begin(), vertex.operators.end());
  for (const graph::ChainLink& link : vertex.links) {
    v1::ChainLink& one = *to.add_links();
    one.set_source(link.source);
    one.set_target(link.target);
    one.set_port(link.port);
  }
  return to;
}

Result<graph::JobVertex> fromProto(const v1::JobVertex& from) {
  graph::JobVertex to;
  to.name = from.name();
  const std::string what = "vertex '" + to.name + "'";
  WEIR_TRY(to.id, fields::id<OperatorId>(what, from.id()));
  to.parallelism = from.parallelism();
  to.max_parallelism = from.max_parallelism();
  WEIR_RETURN_IF_ERROR(fields::checkParallelism(what, to.parallelism, to.max_parallelism));
  to.slot_sharing_group = from.slot_sharing_group();
  to.operators.assign(from.operators().begin(), from.operators().end());
  for (const v1::ChainLink& link : from.links()) {
    to.links.push_back({link.source(), link.target(), link.port()});
  }
  return to;
}

v1::JobEdge toProto(const graph::JobEdge& edge) {
  v1::JobEdge to;
  to.set_source_vertex(edge.source_vertex);
  to.set_target_vertex(edge.target_vertex);
  to.set_source_operator(edge.source_operator);
  to.set_target_operator(edge.target_operator);
  to.set_port(edge.port);
  to.set_partitioning(static_cast<std::uint32_t>(edge.partitioning));
  to.set_records(record::encodeSchema(edge.records));
  return to;
}

Result<graph::JobEdge> fromProto(const v1::JobEdge& from) {
  graph::JobEdge to;
  to.source_vertex = from.source_vertex();
  to.target_vertex = from.target_vertex();
  to.source_operator = from.source_operator();
  to.target_operator = from.target_operator();
  to.port = from.port();
  WEIR_TRY(to.partitioning,
           fields::number("partitioning of an edge",
                          from.partitioning(),
                          graph::Partitioning::kForward,
                          graph::Partitioning::kCustom));
  if (!from.records().empty()) {
    WEIR_TRY(to.records, record::decodeSchema(from.records()));
  }
  return to;
}

v1::CheckpointSettings toProto(const graph::CheckpointSettings& settings) {
  v1::CheckpointSettings to;
  to.set_enabled(settings.enabled);
  to.set_interval_millis(millis(settings.interval));
  to.set_mode(static_cast<std::uint32_t>(settings.mode));
  to.set_timeout_millis(millis(settings.timeout));
  to.set_min_pause_millis(millis(settings.min_pause));
  to.set_max_concurrent(settings.max_concurrent);
  to.set_unaligned(settings.unaligned);
  to.set_aligned_timeout_millis(millis(settings.aligned_timeout));
  return to;
}

Result<graph::CheckpointSettings> fromProto(const v1::CheckpointSettings& from) {
  graph::CheckpointSettings to;
  to.enabled = from.enabled();
  WEIR_TRY(to.interval, fields::duration("checkpoint interval", from.interval_millis()));
  WEIR_TRY(to.mode,
           fields::number("checkpointing mode",
                          from.mode(),
                          graph::CheckpointingMode::kExactlyOnce,
                          graph::CheckpointingMode::kAtLeastOnce));
  WEIR_TRY(to.timeout, fields::duration("checkpoint timeout", from.timeout_millis()));
  WEIR_TRY(to.min_pause, fields::duration("pause between checkpoints", from.min_pause_millis()));
  to.max_concurrent = from.max_concurrent();
  to.unaligned = from.unaligned();
  WEIR_TRY(to.aligned_timeout,
           fields::duration("aligned checkpoint timeout", from.aligned_timeout_millis()));
  if (to.unaligned && to.mode != graph::CheckpointingMode::kExactlyOnce) {
    return wrong("checkpointing", "is unaligned only where it is exactly once");
  }
  if (to.enabled && (to.interval.count() == 0 || to.max_concurrent == 0)) {
    return wrong("checkpointing",
                 "needs an interval and a number of concurrent checkpoints above 0");
  }
  return to;
}

v1::RestartStrategy toProto(const graph::RestartStrategy& strategy) {
  v1::RestartStrategy to;
  to.set_kind(static_cast<std::uint32_t>(strategy.kind));
  to.set_attempts(strategy.attempts);
  to.set_delay_millis(millis(strategy.delay));
  to.set_max_failures(strategy.max_failures);
  to.set_interval_millis(millis(strategy.interval));
  to.set_initial_backoff_millis(millis(strategy.initial_backoff));
  to.set_max_backoff_millis(millis(strategy.max_backoff));
  to.set_multiplier(strategy.multiplier);
  to.set_reset_after_millis(millis(strategy.reset_after));
  return to;
}

Result<graph::RestartStrategy> fromProto(const v1::RestartStrategy& from) {
  using Kind = graph::RestartStrategy::Kind;
  graph::RestartStrategy to;
  WEIR_TRY(
      to.kind,
      fields::number("restart strategy", from.kind(), Kind::kDefault, Kind::kExponentialDelay));
  to.attempts = from.attempts();
  WEIR_TRY(to.delay, fields::duration("delay of the restart strategy", from.delay_millis()));
  to.max_failures = from.max_failures();
  WEIR_TRY(to.interval,
           fields::duration("interval of the restart strategy", from.interval_millis()));
  WEIR_TRY(
      to.initial_backoff,
      fields::duration("initial pause of the restart strategy", from.initial_backoff_millis()));
  WEIR_TRY(to.max_backoff,
           fields::duration("longest pause of the restart strategy", from.max_backoff_millis()));
  to.multiplier = from.multiplier();
  if (!std::isfinite(to.multiplier)) {
    return wrong("multiplier of the restart strategy", "is no number");
  }
  WEIR_TRY(to.reset_after,
           fields::duration("reset threshold of the restart strategy", from.reset_after_millis()));
  return to;
}

}  // namespace

v1::JobGraph toProto(const graph::JobGraph& graph) {
  v1::JobGraph to;
  to.set_name(graph.name);
  to.set_max_parallelism(graph.max_parallelism);
  for (const graph::JobOperator& one : graph.operators) {
    *to.add_operators() = toProto(one);
  }
  for (const graph::JobVertex& vertex : graph.vertices) {
    *to.add_vertices() = toProto(vertex);
  }
  for (const graph::JobEdge& edge : graph.edges) {
    *to.add_edges() = toProto(edge);
  }
  *to.mutable_checkpoints() = toProto(graph.checkpoints);
  *to.mutable_restart() = toProto(graph.restart);
  to.set_state_backend(graph.state_backend);
  for (const graph::OnceValue& value : graph.once) {
    v1::NamedBytes& one = *to.add_once();
    one.set_name(value.name);
    one.set_value(value.bytes);
  }
  return to;
}

Result<graph::JobGraph> fromProto(const v1::JobGraph& from) {
  graph::JobGraph to;
  to.name = from.name();
  to.max_parallelism = from.max_parallelism();
  WEIR_RETURN_IF_ERROR(fields::checkParallelism("job '" + to.name + "'", 1, to.max_parallelism));
  const auto decode = [](const auto& one) { return fromProto(one); };
  WEIR_TRY(to.operators, fields::all<graph::JobOperator>(from.operators(), decode));
  WEIR_TRY(to.vertices, fields::all<graph::JobVertex>(from.vertices(), decode));
  WEIR_TRY(to.edges, fields::all<graph::JobEdge>(from.edges(), decode));
  WEIR_TRY(to.checkpoints, fromProto(from.checkpoints()));
  WEIR_TRY(to.restart, fromProto(from.restart()));
  to.state_backend = from.state_backend();
  for (const v1::NamedBytes& value : from.once()) {
    to.once.push_back({value.name(), value.value()});
  }
  WEIR_RETURN_IF_ERROR(checkGraph(to).during("job graph '" + to.name + "'"));
  return to;
}

}  // namespace weir::wire
