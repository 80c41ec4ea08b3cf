#include "common/windows/continuous_triggers.h"
#include "common/windows/session_assigners.h"
#include "tests/model/generated.h"

namespace weir::model {
namespace {

using Kind = Shape::Kind;
using Fires = Shape::Fires;
using Random = std::mt19937_64;

Time ms(std::int64_t n) { return Time::milliseconds(n); }
std::int64_t pick(Random& random, std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(high - low + 1));
}
auto byClock(Kind kind, Fires fires = Fires::kAtEnd) {
  return [=](Shape& shape, Random& random) {
    shape.kind = kind;
    shape.event_time = false;
    shape.fires = fires;
    shape.size = pick(random, 1, 40);
    shape.slide = pick(random, 3, 30);
    shape.offset = pick(random, -50, 50);
    shape.count = pick(random, 1, 4);
    shape.interval = pick(random, 2, 30);
  };
}

TEST(ClockWindowsModelTest, TumblingWindows) {
  compareWithModel(byClock(Kind::kTumbling), [](const Shape& s) {
    return listing(TumblingProcessingTimeWindows::of(ms(s.size), ms(s.offset)),
                   ProcessingTimeTrigger::create(),
                   0);
  });
}
TEST(ClockWindowsModelTest, SlidingWindowsAggregatedByPane) {
  compareWithModel(byClock(Kind::kSliding), [](const Shape& s) {
    return aggregating(SlidingProcessingTimeWindows::of(ms(s.size), ms(s.slide), ms(s.offset)),
                       ProcessingTimeTrigger::create(),
                       0);
  });
}
TEST(ClockWindowsModelTest, Sessions) {
  compareWithModel(byClock(Kind::kSession), [](const Shape& s) {
    return listing(
        ProcessingTimeSessionWindows::withGap(ms(s.size)), ProcessingTimeTrigger::create(), 0);
  });
}
TEST(ClockWindowsModelTest, TumblingWindowsFiredAgainAndAgain) {
  compareWithModel(byClock(Kind::kTumbling, Fires::kContinuously), [](const Shape& s) {
    return aggregating(TumblingProcessingTimeWindows::of(ms(s.size), ms(s.offset)),
                       ContinuousProcessingTimeTrigger::of(ms(s.interval)),
                       0);
  });
}
TEST(GlobalWindowsModelTest, CountedAndPurged) {
  compareWithModel(byClock(Kind::kGlobal, Fires::kByCountPurging), [](const Shape& s) {
    return aggregating(GlobalWindows::create(), PurgingTrigger::of(CountTrigger::of(s.count)), 0);
  });
}
TEST(GlobalWindowsModelTest, TheLastOfThem) {
  compareWithModel(
      [](Shape& shape, Random& random) {
        byClock(Kind::kGlobal, Fires::kByCount)(shape, random);
        shape.evicts = Shape::Evicts::kAllButLast;
        shape.kept = pick(random, 1, 6);
      },
      [](const Shape& s) {
        return evicting(
            GlobalWindows::create(), CountTrigger::of(s.count), CountEvictor::of(s.kept), 0);
      });
}

}  // namespace
}  // namespace weir::model
