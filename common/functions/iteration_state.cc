#include "common/functions/iteration_state.h"

#include <cstdio>
#include <exception>
#include <stdexcept>

#include "common/functions/loop_trend.h"

namespace weir::functions {

Status FrozenFeedback::write(state::SectionWriter& to) const {
  WEIR_RETURN_IF_ERROR(to.beginState(info_));
  for (const auto& chunk : chunks_) {
    Writer element;
    element.putVarint(chunk->records());
    try {
      const std::string bytes = chunk->bytes();
      element.putBytes(bytes.data(), bytes.size());
    } catch (const std::exception& failed) {
      return Error(ErrorCode::kUnavailable, failed.what());
    }
    WEIR_RETURN_IF_ERROR(to.element(element.view()));
  }
  return to.endState();
}

void throwDamagedFeedback() {
  throw std::runtime_error(
      "records on the way back of an iteration cannot be read: their serializer does not read what "
      "it has written");
}

void throwNoHead(const TaskInfo& tail) {
  throw std::runtime_error("subtask " + std::to_string(tail.subtask + 1) + " of '" +
                           tail.operator_name +
                           "' runs in another process than the head of its iteration: both have to "
                           "have one slot sharing group and one parallelism");
}

std::string describeEndless(const TaskInfo& head, std::uint64_t least) {
  return "iteration '" + head.operator_name +
         "' does not run dry, so that it cannot be drained: " + std::to_string(least) +
         (least == 1 ? " record goes" : " records or more go") + " round in it, no fewer for " +
         std::to_string(LoopTrend::kPatience / 1000) +
         " s. Stop the job without draining it: the savepoint has what is in flight; or give the "
         "loop an end";
}

void reportLost(const TaskInfo& head, std::uint64_t records) {
  std::fprintf(stderr,
               "weir: %llu records came back to iteration '%s', subtask %u, after it had ended by "
               "its max wait: they are left out; raise the max wait of iterate()\n",
               static_cast<unsigned long long>(records),
               head.operator_name.c_str(),
               head.subtask + 1);
}

}  // namespace weir::functions
