#include "common/wire/check_encoding.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/common/wire/fixture.h"

namespace weir::fuzz {

std::vector<std::string> seeds() {
  std::vector<std::string> images{wire::encode(wire::testing::checkOfAll())};
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
