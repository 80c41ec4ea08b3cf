// Sessions of clicks: what each user did until there was nothing for a while. A session that a late
// click joins to its neighbour becomes one with it.
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>

#include <weir/weir.h>

namespace {

struct Click {
  std::string user;
  std::int64_t at = 0;  // In milliseconds since the epoch.
  std::string page;
};

// What is kept of a session while it lasts: not its clicks.
struct Visit {
  std::int64_t clicks = 0;
  std::int64_t first_at = 0;
  std::string first_page;
};

struct Visits : weir::AggregateFunction<Click, Visit, Visit> {
  Visit createAccumulator() override { return {}; }
  void add(const Click& click, Visit& visit) override {
    if (visit.clicks == 0 || click.at < visit.first_at) {
      visit.first_at = click.at;
      visit.first_page = click.page;
    }
    ++visit.clicks;
  }
  Visit getResult(const Visit& visit) override { return visit; }
  Visit merge(const Visit& a, const Visit& b) override {
    Visit both = a.first_at <= b.first_at ? a : b;
    both.clicks = a.clicks + b.clicks;
    return both;
  }
};

Click parse(const std::string& line) {
  std::istringstream words(line);
  Click click;
  words >> click.user >> click.at >> click.page;
  return click;
}

constexpr std::string_view kUsage = R"(Usage: click_sessions CLICKS [GAP]
Prints user, start, end, number of clicks and entry page of each session.
  CLICKS  a file of lines: user, milliseconds since the epoch, page; at most 10 s out of order
  GAP     ends a session, in seconds (default 1800)
)";

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t gap = argc > 2 ? std::atoll(argv[2]) : 1800;
  if (argc < 2 || argc > 3 || gap <= 0 || std::string_view(argv[1]).starts_with("-")) {
    const bool asked = argc == 2 && std::string_view(argv[1]) == "--help";
    (asked ? std::cout : std::cerr) << kUsage;
    return asked ? 0 : 2;
  }

  auto env = weir::StreamExecutionEnvironment::getExecutionEnvironment();
  env.setStreamTimeCharacteristic(weir::TimeCharacteristic::kEventTime);
  env.enableCheckpointing(std::chrono::seconds(1));
  env.readTextFile(argv[1])
      .map(parse)
      .assignTimestampsAndWatermarks(
          weir::WatermarkStrategy<Click>::forBoundedOutOfOrderness(weir::Time::seconds(10))
              .withTimestampAssigner([](const Click& click) { return click.at; }))
      .keyBy([](const Click& click) { return click.user; })
      .window(weir::EventTimeSessionWindows::withGap(weir::Time::seconds(gap)))
      .aggregate(Visits{},
                 [](const std::string& user,
                    const weir::TimeWindow& session,
                    weir::Iterable<Visit>& visits,
                    weir::Collector<std::string>& out) {
                   const Visit& visit = visits.front();
                   out.collect(user + " " + std::to_string(session.start) + " " +
                               std::to_string(session.end) + " " + std::to_string(visit.clicks) +
                               " " + visit.first_page);
                 })
      .uid("sessions")
      .print();
  env.execute("Sessions of clicks");
}
