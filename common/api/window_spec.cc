#include "common/api/window_spec.h"

namespace weir::api {

bool goesByEventTime(Program& program) {
  return program.time().characteristic != TimeCharacteristic::kProcessingTime;
}

void noteLateness(graph::StreamNode& node, const std::string& problem) {
  noteProblem(node, windows::named("allowedLateness()", problem));
}

void noteUnmergeable(graph::StreamNode& node) {
  noteProblem(node,
              "its windows merge, and its trigger cannot: take another trigger, or one whose "
              "canMerge() says true");
}

}  // namespace weir::api
