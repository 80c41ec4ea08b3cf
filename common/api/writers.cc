#include "common/api/writers.h"

namespace weir::api {

functions::Blindly::Kind blindKind(graph::Partitioning partitioning) {
  using Kind = functions::Blindly::Kind;
  switch (partitioning) {
    case graph::Partitioning::kRebalance:
    case graph::Partitioning::kRescale:
      return Kind::kInTurn;
    case graph::Partitioning::kShuffle:
      return Kind::kAtRandom;
    case graph::Partitioning::kBroadcast:
      return Kind::kEverywhere;
    default:
      return Kind::kFirst;
  }
}

}  // namespace weir::api
