#include "common/functions/iteration_state.h"

#include <cstdio>
#include <exception>
#include <stdexcept>

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

void reportLost(const TaskInfo& head, std::uint64_t records) {
  std::fprintf(stderr,
               "weir: %llu records came back to iteration '%s', subtask %u, after it had ended by "
               "its max wait: they are left out; raise the max wait of iterate()\n",
               static_cast<unsigned long long>(records),
               head.operator_name.c_str(),
               head.subtask + 1);
}

}  // namespace weir::functions
