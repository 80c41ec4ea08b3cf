#include "taskmanager/worker/task/in_flight_restore.h"

#include <algorithm>
#include <utility>

#include "common/snapshot/in_flight.h"

namespace weir::worker {

namespace {

constexpr std::size_t kBufferBytes = 28 << 10;
constexpr std::size_t kRecordsAtOnce = 1024;
constexpr const char* kAdvice =
    "restore from a savepoint, which has no records in flight, or let the program that wrote it "
    "take one";

/// Keeps what an edge's writer sends to one channel.
class OneChannel final : public functions::EdgeOutput {
 public:
  OneChannel(std::uint32_t channels, std::uint32_t own) : channels_(channels), own_(own) {}

  std::uint32_t channels() const override { return channels_; }
  functions::Buffer take(std::size_t capacity) override {
    const std::size_t bytes = std::max(capacity, kBufferBytes);
    return {std::make_unique_for_overwrite<std::byte[]>(bytes), bytes};
  }
  void emit(std::uint32_t channel, functions::Buffer buffer) override {
    if (channel == own_) {
      kept_.push_back(std::move(buffer));
    } else {
      others_ = true;
    }
  }
  void broadcast(const functions::Signal& /*signal*/) override {}
  std::size_t targetBytes(std::uint32_t /*channel*/) const override { return kBufferBytes; }

  bool othersGotSome() const { return others_; }
  std::vector<functions::Buffer> takeKept() { return std::exchange(kept_, {}); }

 private:
  const std::uint32_t channels_;
  const std::uint32_t own_;
  std::vector<functions::Buffer> kept_;
  bool others_ = false;
};

Error misfit(const std::string& what) {
  return Error(ErrorCode::kInvalidArgument, what).advise(kAdvice);
}

void readAll(functions::EdgeReader& reader, std::span<const std::byte> bytes) {
  reader.begin();
  while (!bytes.empty()) {
    bytes = bytes.subspan(reader.read(bytes, kRecordsAtOnce));
  }
}

/// Which records of a snapshot an edge may take: those of one that goes by key, or of others.
bool dealsAlike(graph::Partitioning was, graph::Partitioning now) {
  const auto anywhere = [](graph::Partitioning one) {
    return one == graph::Partitioning::kShuffle || one == graph::Partitioning::kRebalance ||
           one == graph::Partitioning::kRescale || one == graph::Partitioning::kForward;
  };
  return was == now || (anywhere(was) && anywhere(now));
}

std::string nameOf(const graph::JobGraph& graph, std::uint32_t edge) {
  const graph::JobEdge& one = graph.edges[edge];
  return "from '" + graph.operators[one.source_operator].name + "' to '" +
         graph.operators[one.target_operator].name + "'";
}

/// Whether records are to be migrated.
Result<bool> compareTypes(const InFlightEdge& was,
                          const record::Schema& now,
                          const std::string& name) {
  const record::SchemaComparison types = record::compareSchemas(was.schema, now);
  if (types.match == record::SchemaMatch::kIncompatible) {
    return misfit("records in flight " + name + " cannot be read as the program's type: " +
                  types.sentence + "\n    checkpoint: " + record::describeSchema(was.schema) +
                  "\n    program:    " + record::describeSchema(now));
  }
  return types.match == record::SchemaMatch::kCompatible;
}

functions::TaskInfo producerOf(const graph::JobGraph& graph, std::uint32_t edge) {
  const graph::JobOperator& producer = graph.operators[graph.edges[edge].source_operator];
  functions::TaskInfo task;
  task.job_name = graph.name;
  task.operator_id = producer.id;
  task.operator_name = producer.name;
  task.parallelism = producer.parallelism;
  task.max_parallelism = producer.max_parallelism;
  return task;
}

}  // namespace

Status fitsInFlight(const InFlightEdge& was,
                    const graph::JobGraph& graph,
                    const graph::ProgramCode& code,
                    std::uint32_t edge) {
  OneChannel nowhere(graph.operators[graph.edges[edge].target_operator].parallelism, 0);
  const auto writer = code.edges[edge].make_writer(nowhere, producerOf(graph, edge));
  const auto reader = code.edges[edge].make_reader(writer->receiver());
  const auto migrates = compareTypes(was, reader->schema(), nameOf(graph, edge));
  return migrates ? ok() : Status(migrates.error());
}

InFlightRestore::InFlightRestore(const runtime::Deployment& deployment,
                                 const graph::ProgramCode& code,
                                 OperatorChain& chain,
                                 std::uint32_t vertex,
                                 std::uint32_t subtask)
    : deployment_(deployment),
      graph_(deployment.graph),
      code_(code),
      chain_(chain),
      vertex_(vertex),
      subtask_(subtask),
      gate_(planGate(deployment.graph, vertex, subtask)) {}

Status InFlightRestore::add(const functions::OperatorRestore& restore) {
  for (const functions::RestoredSection& part : restore.sections) {
    const auto& states = part.section->states();
    for (std::size_t i = 0; i < states.size(); ++i) {
      if (states[i].kind != state::StateKind::kInFlight ||
          std::ranges::find(restore.dropped, states[i].name) != restore.dropped.end()) {
        continue;
      }
      WEIR_TRY(auto records, decodeInFlight(*part.section, i));
      WEIR_RETURN_IF_ERROR(deal({std::move(records), part.subtask, restore.old_parallelism}));
    }
  }
  return ok();
}

Status InFlightRestore::deal(Found found) {
  const graph::JobVertex& vertex = graph_.vertices[vertex_];
  const graph::JobEdge* edge = snapshot::edgeOfInFlight(graph_, vertex.id, found.records.edge.name);
  if (edge == nullptr) {
    return misfit("records were in flight to it on an edge that the program does not have ('" +
                  found.records.edge.name + "')");
  }
  const auto index = static_cast<std::uint32_t>(edge - graph_.edges.data());
  WEIR_RETURN_IF_ERROR(adapt(found.records, index));
  const auto section = std::ranges::find(gate_, index, &GateSection::edge);
  const bool same = found.old_parallelism == vertex.parallelism;
  const bool same_channels = same && found.records.edge.producers == section->count;
  if (edge->partitioning == graph::Partitioning::kHash) {
    if (same && found.old_subtask != subtask_) {
      return ok();
    }
    WEIR_TRY(auto own, ownByKey(std::move(found), index));
    append(std::move(own), *section, same_channels);
  } else if (found.old_subtask % vertex.parallelism == subtask_) {
    append(std::move(found.records), *section, same_channels);
  }
  return ok();
}

Status InFlightRestore::adapt(InFlightRecords& records, std::uint32_t edge) const {
  const record::Schema now = chain_.reader(edge).schema();
  WEIR_TRY(const bool migrates, compareTypes(records.edge, now, nameOf(graph_, edge)));
  if (migrates) {
    WEIR_RETURN_IF_ERROR(
        migrateInFlight(records, now).during("migrate what was sent " + nameOf(graph_, edge)));
  }
  if (!dealsAlike(records.edge.partitioning, graph_.edges[edge].partitioning)) {
    return misfit("records in flight " + nameOf(graph_, edge) +
                  " were partitioned in another way than the program partitions them");
  }
  return ok();
}

Result<InFlightRecords> InFlightRestore::ownByKey(Found found, std::uint32_t index) const {
  functions::TaskInfo task = producerOf(graph_, index);
  task.job = deployment_.execution.job;
  task.attempt = deployment_.execution.attempt;
  OneChannel output(graph_.vertices[vertex_].parallelism, subtask_);
  const auto writer = code_.edges[index].make_writer(output, task);
  const auto reader = code_.edges[index].make_reader(writer->receiver());
  InFlightRecords own{found.records.edge, {}};
  for (OvertakenElement& one : found.records.elements) {
    const auto* buffer = std::get_if<functions::Buffer>(&one.element);
    if (buffer == nullptr) {
      own.elements.push_back(std::move(one));
      continue;
    }
    try {
      readAll(*reader, buffer->view());
    } catch (const functions::DecodeError&) {
      return Error(ErrorCode::kCorruption,
                   "records in flight " + nameOf(graph_, index) + " do not read as " +
                       record::describeSchema(found.records.edge.schema));
    }
    writer->flush();
    for (functions::Buffer& kept : output.takeKept()) {
      own.elements.push_back({one.producer, std::move(kept)});
    }
  }
  if (output.othersGotSome() && found.old_parallelism == graph_.vertices[vertex_].parallelism) {
    return misfit("records in flight " + nameOf(graph_, index) +
                  " have keys of other subtasks: the program takes other keys from them than the "
                  "one that wrote the checkpoint");
  }
  return own;
}

/// Watermarks say something of their channel, and of no other.
void InFlightRestore::append(InFlightRecords records,
                             const GateSection& section,
                             bool same_channels) {
  for (OvertakenElement& one : records.elements) {
    if (same_channels || std::holds_alternative<functions::Buffer>(one.element)) {
      arrivals_.push_back(
          Arrival{section.first + (same_channels ? one.producer : one.producer % section.count),
                  std::move(one.element)});
    }
  }
}

}  // namespace weir::worker
