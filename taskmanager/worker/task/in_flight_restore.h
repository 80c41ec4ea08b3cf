#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/functions/operator.h"
#include "common/program/program_graph.h"
#include "common/runtime/deployment.h"
#include "taskmanager/worker/checkpoint/in_flight.h"
#include "taskmanager/worker/network/channel_plan.h"
#include "taskmanager/worker/network/input_gate.h"
#include "taskmanager/worker/operators/operator_chain.h"

namespace weir::worker {

/// Whether records that were in flight on an edge of the program can be read as what it sends there
/// now, if need be after a migration. Of the user's code a key selector is made and no more.
/// Errors: kInvalidArgument with both types.
Status fitsInFlight(const InFlightEdge& was,
                    const graph::JobGraph& graph,
                    const graph::ProgramCode& code,
                    std::uint32_t edge);

/// Finds the records that barriers had overtaken on their way into an operator, and deals out to
/// one subtask of it those that are its own: to be read before anything that its gate has.
///
/// At the parallelism of then a subtask gets what it had. Else records of a keyed edge go where
/// their keys belong, by the edge's own partitioning, and those of other edges go, subtask by
/// subtask, in turn. One restore of one subtask; on its thread. What the user's key selector throws
/// passes through.
class InFlightRestore {
 public:
  /// References outlive it.
  InFlightRestore(const runtime::Deployment& deployment,
                  const graph::ProgramCode& code,
                  OperatorChain& chain,
                  std::uint32_t vertex,
                  std::uint32_t subtask);

  /// Adds what is in the sections of the head. Errors: kInvalidArgument, naming the edge, where the
  /// program has none such, or another type of records or partitioning; kCorruption.
  Status add(const functions::OperatorRestore& restore);
  /// In the order of each channel.
  std::vector<Arrival> take() { return std::move(arrivals_); }

 private:
  /// Of a section.
  struct Found {
    InFlightRecords records;
    std::uint32_t old_subtask = 0;
    std::uint32_t old_parallelism = 1;
  };

  Status deal(Found found);
  /// Checks it, and makes its records those of the program's type.
  Status adapt(InFlightRecords& records, std::uint32_t edge) const;
  Result<InFlightRecords> ownByKey(Found found, std::uint32_t edge) const;
  void append(InFlightRecords records, const GateSection& section, bool same_channels);

  const runtime::Deployment& deployment_;
  const graph::JobGraph& graph_;
  const graph::ProgramCode& code_;
  OperatorChain& chain_;
  const std::uint32_t vertex_;
  const std::uint32_t subtask_;
  const std::vector<GateSection> gate_;
  std::vector<Arrival> arrivals_;
};

}  // namespace weir::worker
