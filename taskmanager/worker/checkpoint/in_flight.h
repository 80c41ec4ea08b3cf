#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/functions/edge.h"
#include "common/graph/job_graph.h"
#include "common/schema/schema.h"
#include "common/state/keyed_backend.h"
#include "common/state/operator_state.h"
#include "common/state/section.h"

namespace weir::worker {

/// An edge whose records barriers may overtake, as a snapshot describes it.
struct InFlightEdge {
  std::string name;  ///< As snapshot::inFlightName() has it.
  graph::Partitioning partitioning = graph::Partitioning::kHash;
  std::uint32_t producers = 1;
  record::Schema schema;  ///< Of a record.
};

/// Records, or a watermark, that a barrier has overtaken.
struct OvertakenElement {
  std::uint32_t producer = 0;  ///< The subtask that has sent it.
  functions::Element element;
};

/// What a barrier has overtaken on the channels of one edge into one subtask, in the order of each
/// channel.
struct InFlightRecords {
  InFlightEdge edge;
  std::vector<OvertakenElement> elements;

  std::uint64_t bytes() const;
};

/// As it stands in a snapshot (snapshot_format.md, kind 10).
state::OperatorState encodeInFlight(const InFlightRecords& records);
/// Errors: kCorruption, naming the state, for what encodeInFlight() has not made.
Result<InFlightRecords> decodeInFlight(const state::SectionReader& section, std::size_t state);

/// Rewrites records of a type that `now`, which is compatible and comes from schemaOf<T>() of this
/// process, can read. Errors: kCorruption for bytes that are no such records.
Status migrateInFlight(InFlightRecords& records, const record::Schema& now);

/// The frozen state of an operator, which may be null, and behind it what is in flight to it.
std::unique_ptr<state::FrozenState> withInFlight(std::unique_ptr<state::FrozenState> state,
                                                 const std::vector<InFlightRecords>& in_flight);

}  // namespace weir::worker
