#include "common/functions/edge_writer.h"

#include <stdexcept>
#include <string>

namespace weir::functions {

void throwNoSuchPartition(int partition, std::uint32_t partitions) {
  throw std::out_of_range("the partitioner chose subtask " + std::to_string(partition) + " of " +
                          std::to_string(partitions) + "; it must answer with 0 to " +
                          std::to_string(partitions - 1));
}

Blindly blindly(Blindly::Kind kind, const EdgeOutput& output, const TaskInfo& producer) {
  const std::uint32_t channels = output.channels();
  return {.kind = kind,
          .channels = channels,
          .next = channels == 0 ? 0 : producer.subtask % channels,
          .state = 0x9E3779B97F4A7C15ULL * (producer.subtask + 1) + producer.attempt.value()};
}

}  // namespace weir::functions
