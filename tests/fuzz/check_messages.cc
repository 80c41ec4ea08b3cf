#include "common/wire/check_encoding.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/common/wire/fixture.h"

namespace weir::fuzz {

std::vector<std::string> seeds() {
  runtime::CheckRestore check;
  check.graph = wire::testing::jobGraph();
  const graph::JobVertex& vertex = check.graph->vertices[0];
  runtime::OperatorRestoreOrder order;
  order.id = check.graph->operators[vertex.operators[0]].id;
  order.old_parallelism = 1;
  runtime::SectionHandle handle;
  handle.storage = runtime::SectionHandle::Storage::kFile;
  handle.location = "file:/s/state-1";
  check.restores.give(order, {{0, handle}});
  check.restores.tasks.push_back({{vertex.id, 0}, {order}});
  std::vector<std::string> images{wire::encode(check)};
  runtime::CheckProblem problem;
  problem.state = "seen";
  problem.what = "does not fit";
  for (const runtime::CheckReport& report :
       {runtime::CheckReport(problem),
        runtime::CheckReport(runtime::OperatorChecked{OperatorId({7}), 5, 6}),
        runtime::CheckReport(runtime::CheckFailed{"another graph"}),
        runtime::CheckReport(runtime::CheckEnded{})}) {
    images.push_back(wire::encode(report));
  }
  return images;
}

}  // namespace weir::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  const std::string_view bytes = fuzz::view(data, size);
  fuzz::checkRoundTrip(bytes, wire::decodeCheck, [](const runtime::CheckRestore& check) {
    return wire::encode(check);
  });
  fuzz::checkRoundTrip(bytes, wire::decodeCheckReport, [](const runtime::CheckReport& report) {
    return wire::encode(report);
  });
  return 0;
}
