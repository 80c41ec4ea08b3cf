#include "common/api/iterative_stream.h"

#include <algorithm>
#include <set>
#include <vector>

namespace weir::api {

namespace {

constexpr const char* kHead = "iterationHead";
constexpr const char* kNotClosed =
    "iterate() is not closed, so that nothing would come back: call closeWith() with the stream "
    "that goes round again";

/// The nodes that a stream comes of.
std::set<std::uint32_t> originsOf(Program& program, const std::vector<std::uint32_t>& nodes) {
  std::set<std::uint32_t> all;
  std::vector<std::uint32_t> left = nodes;
  while (!left.empty()) {
    const std::uint32_t node = left.back();
    left.pop_back();
    if (all.insert(node).second) {
      for (const graph::StreamEdge& input : program.node(node).inputs) {
        left.push_back(input.source);
      }
    }
  }
  return all;
}

}  // namespace

std::shared_ptr<Loop> openLoop(Program& program, NodeSpec spec, const Time* max_wait) {
  auto loop = std::make_shared<Loop>();
  if (max_wait != nullptr) {
    loop->settings.max_wait = max_wait->toMilliseconds();
    if (std::string problem = max_wait->lengthProblem(); !problem.empty()) {
      spec.node.errors.push_back("iterate(), max wait: " + problem);
    }
  }
  spec.node.errors.emplace_back(kNotClosed);
  spec.make_factory = [](const SharedFacts& /*facts*/) { return functions::OperatorFactory(); };
  loop->head = program.add(std::move(spec));
  loop->settings.loop = loop->head;
  return loop;
}

void closeLoop(Program& program,
               Loop& loop,
               const std::vector<StreamInput>& feedback,
               const void* type) {
  graph::StreamNode& head = program.node(loop.head);
  std::erase(head.errors, kNotClosed);
  if (std::exchange(loop.closed, true)) {
    head.errors.emplace_back(
        "closeWith() is called twice: join the streams that go round with union_()");
    return;
  }
  if (type != loop.feedback) {
    head.errors.emplace_back(
        "closeWith() is called on a stream that withFeedbackType() has replaced: call it on what "
        "that has returned last");
    return;
  }
  std::vector<std::uint32_t> ends;
  for (const StreamInput& input : feedback) {
    if (input.partitioning == graph::Partitioning::kBroadcast) {
      head.errors.emplace_back(
          "closeWith() takes no broadcast stream, as the copies that are in flight would be dealt "
          "out at another parallelism: broadcast behind the head instead, with it.broadcast()");
      return;
    }
    ends.push_back(input.node);
  }
  const std::set<std::uint32_t> origins = originsOf(program, ends);
  if (!origins.contains(loop.head)) {
    head.errors.emplace_back(
        "closeWith() takes a stream that comes of the iteration, and this one does not: what "
        "never went in cannot go round");
    return;
  }
  for (const std::uint32_t other : origins) {
    if (other != loop.head && program.node(other).kind == kHead &&
        originsOf(program, {other}).contains(loop.head)) {
      head.errors.emplace_back(
          "closeWith() closes an iteration around another one: end the inner one's part of the "
          "loop first, or make one loop of both");
      return;
    }
  }
}

void declareFeedback(graph::StreamNode& node, const state::StateInfo& info) {
  std::erase_if(node.states, [&](const auto& one) { return one.name == info.name; });
  declareOperatorState(node, info);
}

}  // namespace weir::api
