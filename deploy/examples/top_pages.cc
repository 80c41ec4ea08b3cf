// The pages viewed most in each minute, and the views that came too late for theirs. A view is late
// when one from a later time has already closed its minute.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <weir/weir.h>

namespace {

struct View {
  std::int64_t at = 0;  // In milliseconds since the epoch.
  std::string page;
};
struct PageCount {
  std::string page;
  std::int64_t views = 0;
};

View parse(const std::string& line) {
  std::istringstream words(line);
  View view;
  words >> view.at >> view.page;
  return view;
}

// Every view says that those before its time less the disorder have come.
class ByView : public weir::AssignerWithPunctuatedWatermarks<View> {
 public:
  explicit ByView(std::int64_t disorder) : disorder_(disorder) {}
  std::int64_t extractTimestamp(const View& view, std::int64_t /*previous*/) override {
    return view.at;
  }
  std::optional<std::int64_t> checkAndGetNextWatermark(const View& /*view*/,
                                                       std::int64_t extracted) override {
    return extracted - disorder_ - 1;
  }

 private:
  std::int64_t disorder_;
};

// How often one page was viewed in a minute; a number is all that is kept.
struct Counts : weir::AggregateFunction<View, std::int64_t, std::int64_t> {
  std::int64_t createAccumulator() override { return 0; }
  void add(const View& /*view*/, std::int64_t& count) override { ++count; }
  std::int64_t getResult(const std::int64_t& count) override { return count; }
  std::int64_t merge(const std::int64_t& a, const std::int64_t& b) override { return a + b; }
};

// Puts the counts of all pages of a minute in order.
class Top : public weir::ProcessAllWindowFunction<PageCount, std::string, weir::TimeWindow> {
 public:
  explicit Top(std::size_t n) : n_(n) {}
  void process(Context& context,
               weir::Iterable<PageCount>& counts,
               weir::Collector<std::string>& out) override {
    std::vector<PageCount> pages(counts.begin(), counts.end());
    std::sort(pages.begin(), pages.end(), [](const PageCount& a, const PageCount& b) {
      return a.views != b.views ? a.views > b.views : a.page < b.page;
    });
    pages.resize(std::min(n_, pages.size()));
    std::string line = "top " + std::to_string(context.window().start);
    for (const PageCount& one : pages) {
      line += " " + one.page + "=" + std::to_string(one.views);
    }
    out.collect(line);
  }

 private:
  std::size_t n_;
};

constexpr std::string_view kUsage = R"(Usage: top_pages VIEWS [N]
Prints the N pages viewed most (default 3) in each minute, and each view that is late.
  VIEWS  a file of lines: milliseconds since the epoch, page; up to 5 s out of order is no matter
)";

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t n = argc > 2 ? std::atoll(argv[2]) : 3;
  if (argc < 2 || argc > 3 || n <= 0 || std::string_view(argv[1]).starts_with("-")) {
    const bool asked = argc == 2 && std::string_view(argv[1]) == "--help";
    (asked ? std::cout : std::cerr) << kUsage;
    return asked ? 0 : 2;
  }

  auto env = weir::StreamExecutionEnvironment::getExecutionEnvironment();
  env.setStreamTimeCharacteristic(weir::TimeCharacteristic::kEventTime);
  env.enableCheckpointing(std::chrono::seconds(1));
  const weir::OutputTag<View> late("late");
  auto counts =
      env.readTextFile(argv[1])
          .setParallelism(1)
          .map(parse)
          .setParallelism(1)
          .assignTimestampsAndWatermarks(ByView(5000))
          .setParallelism(1)
          .keyBy([](const View& view) { return view.page; })
          .timeWindow(weir::Time::minutes(1))
          .sideOutputLateData(late)
          .aggregate(Counts{},
                     [](const std::string& page,
                        const weir::TimeWindow& /*minute*/,
                        weir::Iterable<std::int64_t>& count,
                        weir::Collector<PageCount>& out) { out.collect({page, count.front()}); })
          .uid("counts");
  counts.getSideOutput(late)
      .map([](const View& view) { return "late " + std::to_string(view.at) + " " + view.page; })
      .print();
  // A count has the last timestamp of its minute: the windows of all pages are the same minutes.
  counts.timeWindowAll(weir::Time::minutes(1))
      .process(Top(static_cast<std::size_t>(n)))
      .uid("top")
      .print();
  env.execute("Top pages");
}
