#include "common/wire/encoding.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/common/wire/fixture.h"

namespace weir::fuzz {

std::vector<std::string> seeds() {
  const runtime::ExecutionId execution = wire::testing::execution();
  const std::vector<runtime::WorkerOrder> orders = {
      wire::testing::deployment(),
      runtime::CancelOrder{execution},
      runtime::FinishOrder{execution},
      runtime::TriggerOrder{execution, {CheckpointId(4), 1234, true, runtime::StopMode::kDrain}},
      runtime::NotifyOrder{execution, CheckpointId(4), false},
      runtime::DiscardOrder{execution, 7},
      runtime::PeerConnection{3, Bytes16{1}}};
  std::vector<std::string> images;
  for (const runtime::WorkerOrder& order : orders) {
    images.push_back(wire::encode(order));
  }
  return images;
}

}  // namespace weir::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  fuzz::checkRoundTrip(fuzz::view(data, size),
                       wire::decodeWorkerOrder,
                       [](const runtime::WorkerOrder& order) { return wire::encode(order); });
  return 0;
}
