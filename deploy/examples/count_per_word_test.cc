// A function with state under test: no cluster, no waiting, and a failure on the way. Frameworks
// such as GoogleTest go well with it; this needs none.
#include <cstdint>
#include <iostream>
#include <string>
#include <vector>

#include <weir/testing.h>
#include <weir/weir.h>

namespace {

struct CountPerWord : weir::RichMapFunction<std::string, std::string> {
  weir::ValueState<std::int64_t> seen_{*this, "seen", 0};
  std::string map(const std::string& word) override {
    seen_.update(seen_.value() + 1);
    return word + "=" + std::to_string(seen_.value());
  }
};

bool countsGoOnAfterAFailure() {
  weir::testing::OneInputHarness h(CountPerWord{}, [](const std::string& word) { return word; });
  h.push("to");
  const auto snapshot = h.snapshot();
  h.push("be");
  h.restore(snapshot);  // What came since is forgotten, and will come again.
  h.push("be");
  h.push("to");
  return h.output() == std::vector<std::string>{"to=1", "be=1", "be=1", "to=2"} &&
         h.state(weir::ValueStateDescriptor<std::int64_t>("seen"), "to") == 2;
}

}  // namespace

int main() {
  const bool passed = countsGoOnAfterAFailure();
  std::cout << (passed ? "passed" : "FAILED: countsGoOnAfterAFailure") << "\n";
  return passed ? 0 : 1;
}
