#include "common/graph/job_graph.h"

namespace weir::graph {
namespace {

/// The part of `theirs` that subtask `own` of `mine` gets, by Flink's pointwise distribution as
/// seen from a consumer: exactly one when it has more of its own kind than there are of the others.
ChannelRange share(std::uint64_t own, std::uint64_t mine, std::uint64_t theirs) {
  const std::uint64_t first = own * theirs / mine;
  const std::uint64_t end = theirs > mine ? (own + 1) * theirs / mine : first + 1;
  return {static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(end - 1)};
}

/// The subtasks whose share() contains `other`: the inverse of it.
ChannelRange sharedBy(std::uint64_t other, std::uint64_t mine, std::uint64_t theirs) {
  const std::uint64_t end = ((other + 1) * mine + theirs - 1) / theirs;
  const std::uint64_t first = theirs > mine ? end - 1 : (other * mine + theirs - 1) / theirs;
  return {static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(end - 1)};
}

}  // namespace

ChannelRange consumersOf(Partitioning partitioning,
                         std::uint32_t producer,
                         std::uint32_t producers,
                         std::uint32_t consumers) {
  return isPointwise(partitioning) ? sharedBy(producer, consumers, producers)
                                   : ChannelRange{0, consumers - 1};
}

ChannelRange producersOf(Partitioning partitioning,
                         std::uint32_t consumer,
                         std::uint32_t producers,
                         std::uint32_t consumers) {
  return isPointwise(partitioning) ? share(consumer, consumers, producers)
                                   : ChannelRange{0, producers - 1};
}

}  // namespace weir::graph
