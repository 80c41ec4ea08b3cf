#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "common/base/ids.h"
#include "common/graph/job_graph.h"
#include "common/runtime/checkpoint_metadata.h"

namespace weir::snapshot {

/// What stands around the operators of a snapshot and of a program that is restored from it.
///
/// A generated id says what stands above an operator. One that was inserted above its like has
/// the other's id, and would get its state; what stands below tells the two apart. Lives for one
/// matching; both outlive it.
class Surroundings {
 public:
  Surroundings(const runtime::CheckpointMetadata& metadata, const graph::JobGraph& graph);

  /// Whether the snapshot says what stood below this operator: later releases do, for generated
  /// ids.
  static bool recorded(const runtime::SavedOperator& old) { return old.below.has_value(); }
  /// Whether `now` has the generated id of `old` but stands elsewhere: among another number of
  /// operators of equal structure, or above other ones.
  bool differ(const runtime::SavedOperator& old, const graph::JobOperator& now) const;
  /// Both pictures, a line each: producers, the operator, and what is below it.
  std::string pictures(const runtime::SavedOperator& old, const graph::JobOperator& now) const;

 private:
  /// Either side, as far as pictures go.
  struct Side {
    std::vector<std::string> names;
    std::vector<std::vector<std::size_t>> producers;
    std::vector<std::vector<std::size_t>> consumers;
    std::unordered_map<OperatorId, std::size_t> index;

    void connect(std::size_t producer, std::size_t consumer);
    std::string draw(std::size_t at) const;
    std::string drawBelow(std::size_t at, int depth, int& budget) const;
  };

  Side before_;
  Side now_;
  std::vector<Bytes16> below_;  // By operator of the program.
};

}  // namespace weir::snapshot
