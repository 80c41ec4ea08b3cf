// A function with state, one of windows, and a job, under test: no cluster, no waiting, and a
// failure on the way.
// Frameworks such as GoogleTest go well with it; this needs none.
#include <algorithm>
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

struct WordsOfASecond
    : weir::WindowFunction<std::string, std::string, std::string, weir::TimeWindow> {
  void apply(const std::string& word,
             const weir::TimeWindow& window,
             weir::Iterable<std::string>& words,
             weir::Collector<std::string>& out) override {
    out.collect(word + "@" + std::to_string(window.start) + "=" + std::to_string(words.size()));
  }
};

bool wordsThatComeLateGoToTheirSideOutput() {
  const weir::OutputTag<std::string> late("late");
  weir::testing::OneInputHarness h(
      WordsOfASecond{},
      [](const std::string& word) { return word; },
      weir::testing::inWindows([&late](auto words) {
        return words.window(weir::TumblingEventTimeWindows::of(weir::Time::seconds(1)))
            .sideOutputLateData(late);
      }));
  h.push("to", 400);
  h.watermark(999);  // The first second is over.
  h.push("be", 500);
  return h.output() == std::vector<std::string>{"to@0=1"} &&
         h.sideOutput(late) == std::vector<std::string>{"be"} && h.stateEntries() == 0;
}

// The job around the first one, as main() would build it: of three words in two subtasks one fails.
bool theJobCountsTheSameWhateverFails() {
  auto results = weir::testing::sink<std::string>();
  weir::testing::Job job([&](weir::StreamExecutionEnvironment& env) {
    env.addSource(weir::testing::source<std::string>({"to", "be", "to"}))
        .keyBy([](const std::string& word) { return word; })
        .map(CountPerWord{})
        .name("Count per word")
        .addSink(results);
  });
  job.parallelism(2).seed(7);
  job.step(2);
  job.failTask("Count per word", 0);
  job.runToEnd();
  const std::vector<std::string> values = results.values();
  return std::ranges::count(values, "to=2") >= 1 && std::ranges::count(values, "to=3") == 0;
}

int report(const char* test, bool passed) {
  std::cout << (passed ? "passed: " : "FAILED: ") << test << "\n";
  return passed ? 0 : 1;
}

}  // namespace

int main() {
  return report("counts go on after a failure", countsGoOnAfterAFailure()) +
         report("words that come late go to their side output",
                wordsThatComeLateGoToTheirSideOutput()) +
         report("the job counts the same whatever fails", theJobCountsTheSameWhateverFails());
}
