#include "common/wire/encoding.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/common/wire/fixture.h"

namespace weir::fuzz {

std::vector<std::string> seeds() {
  using wire::testing::idOf;
  runtime::TaskUpdate update;
  update.execution = wire::testing::execution();
  update.task = {idOf<OperatorId>(1), 2};
  update.state = runtime::TaskState::kFailed;
  update.cause = "std::runtime_error: on purpose";
  update.accumulators = {{"records", "LongCounter", "abcdefgh"}};
  update.metrics = {1, 2, 3, 4};
  runtime::CheckpointAck ack;
  ack.execution = update.execution;
  ack.checkpoint = CheckpointId(4);
  ack.task = update.task;
  ack.finished = true;
  ack.alignment_millis = 41'000;  // What a timeline is made of.
  ack.freeze_millis = 3;
  ack.write_millis = 1200;
  ack.flush_millis = 40;
  ack.queue_millis = 7;
  ack.last_channel = 5;
  ack.operators = {{idOf<OperatorId>(1),
                    wire::testing::inlineHandle("state"),
                    {{"count", state::StateKind::kValue, {}, {}, true, 3, 24}}}};
  const std::vector<runtime::WorkerReport> reports = {
      runtime::WorkerHello{1, "0.1.0"},
      runtime::WorkerFailed{"another graph"},
      update,
      ack,
      runtime::CheckpointDecline{update.execution, CheckpointId(4), update.task, "too large"}};
  std::vector<std::string> images;
  for (const runtime::WorkerReport& report : reports) {
    images.push_back(wire::encode(report));
  }
  return images;
}

}  // namespace weir::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  fuzz::checkRoundTrip(fuzz::view(data, size),
                       wire::decodeWorkerReport,
                       [](const runtime::WorkerReport& report) { return wire::encode(report); });
  // As it passes a task manager: what is known by its header is read by the job manager.
  if (const auto relayed = wire::decodeRelayed(fuzz::view(data, size))) {
    if (const auto* ack = std::get_if<runtime::EncodedAck>(&*relayed)) {
      (void)wire::decodeAck(*ack).has_value();
    }
  }
  return 0;
}
