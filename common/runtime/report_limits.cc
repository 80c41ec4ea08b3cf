#include "common/runtime/report_limits.h"

#include <algorithm>
#include <variant>

#include "common/base/overloaded.h"
#include "common/schema/schema.h"

namespace weir::runtime {

namespace {

constexpr std::uint64_t kFieldBytes = 128;  // Ids, states and numbers around the texts.

}  // namespace

void forEachText(WorkerReport& report, const std::function<void(std::string&)>& use) {
  std::visit(Overloaded{[&](WorkerHello& hello) { use(hello.version); },
                        [&](WorkerFailed& failed) { use(failed.cause); },
                        [&](TaskUpdate& update) {
                          use(update.cause);
                          for (StateUsage& one : update.metrics.states) {
                            use(one.operator_name);
                            use(one.state);
                          }
                        },
                        [&](CheckpointDecline& decline) { use(decline.reason); },
                        [&](HandleDiscarded& discarded) { use(discarded.error); },
                        [](CheckpointAck&) {},  // It says nothing in the user's words.
                        [](LeaseTaken&) {}},
             report);
}

std::uint64_t bytesOf(const std::vector<AccumulatorValue>& accumulators) {
  std::uint64_t bytes = 0;
  for (const AccumulatorValue& one : accumulators) {
    bytes += one.name.size() + one.type.size() + one.bytes.size();
  }
  return bytes;
}

std::uint64_t bytesOf(const TaskUpdate& update) {
  std::uint64_t states = 0;
  for (const StateUsage& one : update.metrics.states) {
    states += kFieldBytes + one.operator_name.size() + one.state.size();
  }
  return kFieldBytes + update.cause.size() + bytesOf(update.accumulators) +
         update.accumulators.size() * 16 + states;
}

std::uint64_t bytesOf(const OperatorSnapshot& snapshot) {
  std::uint64_t bytes =
      kFieldBytes + bytesOf(snapshot.handle) + snapshot.amounts.size() * sizeof(StateAmount);
  for (const SavedState& state : snapshot.states) {
    bytes += kFieldBytes + state.name.size() + record::encodeSchema(state.key).size() +
             record::encodeSchema(state.value).size();
  }
  return bytes;
}

std::uint64_t bytesOf(const CheckpointAck& ack) {
  std::uint64_t bytes = kFieldBytes;
  for (const OperatorSnapshot& one : ack.operators) {
    bytes += bytesOf(one);
  }
  return bytes;
}

std::string accumulatorsTooLarge(const std::vector<AccumulatorValue>& accumulators,
                                 std::uint64_t most) {
  const auto largest = std::ranges::max_element(
      accumulators, {}, [](const AccumulatorValue& one) { return one.bytes.size(); });
  std::string text = "the accumulators of one task hold " + std::to_string(bytesOf(accumulators)) +
                     " bytes, more than the " + std::to_string(most) +
                     " that taskmanager.worker.max-accumulator-size allows";
  if (largest != accumulators.end()) {
    text += " (the largest is '" + largest->name.substr(0, 200) + "', a " +
            largest->type.substr(0, 200) + " of " + std::to_string(largest->bytes.size()) +
            " bytes)";
  }
  return text + "; count fewer distinct values, or raise it";
}

}  // namespace weir::runtime
