#include "common/windows/continuous_triggers.h"
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
/// Sizes, offsets and lateness of windows by event time.
void vary(Shape& shape, Random& random, Kind kind, Fires fires = Fires::kAtEnd) {
  shape.kind = kind;
  shape.fires = fires;
  shape.size = pick(random, 1, 40);
  shape.slide = pick(random, 3, 30);
  shape.offset = pick(random, -50, 50);
  shape.lateness = random() % 2 == 0 ? 0 : pick(random, 1, 60);
  shape.count = pick(random, 1, 4);
  shape.interval = pick(random, 2, 30);
}
auto varied(Kind kind, Fires fires = Fires::kAtEnd) {
  return [=](Shape& shape, Random& random) { vary(shape, random, kind, fires); };
}
auto tumbling(const Shape& s) { return TumblingEventTimeWindows::of(ms(s.size), ms(s.offset)); }
auto sliding(const Shape& s) {
  return SlidingEventTimeWindows::of(ms(s.size), ms(s.slide), ms(s.offset));
}

TEST(TimeWindowsModelTest, TumblingWindowsListed) {
  compareWithModel(varied(Kind::kTumbling), [](const Shape& s) {
    return listing(tumbling(s), EventTimeTrigger::create(), s.lateness);
  });
}
TEST(TimeWindowsModelTest, TumblingWindowsAggregated) {
  compareWithModel(varied(Kind::kTumbling), [](const Shape& s) {
    return aggregating(tumbling(s), EventTimeTrigger::create(), s.lateness);
  });
}
TEST(TimeWindowsModelTest, SlidingWindowsListed) {
  compareWithModel(varied(Kind::kSliding), [](const Shape& s) {
    return listing(sliding(s), EventTimeTrigger::create(), s.lateness);
  });
}
TEST(TimeWindowsModelTest, SlidingWindowsAggregatedByPane) {
  compareWithModel(varied(Kind::kSliding), [](const Shape& s) {
    return aggregating(sliding(s), EventTimeTrigger::create(), s.lateness);
  });
}
TEST(TimeWindowsModelTest, SlidingWindowsFiredByCountsOfPanes) {
  compareWithModel(varied(Kind::kSliding, Fires::kByCount), [](const Shape& s) {
    return aggregating(sliding(s), CountTrigger::of(s.count), s.lateness);
  });
}
TEST(TimeWindowsModelTest, SlidingWindowsFiredAgainAndAgainByPane) {
  compareWithModel(varied(Kind::kSliding, Fires::kContinuously), [](const Shape& s) {
    return aggregating(sliding(s), ContinuousEventTimeTrigger::of(ms(s.interval)), s.lateness);
  });
}
TEST(TimeWindowsModelTest, TumblingWindowsFiredAgainAndAgain) {
  compareWithModel(varied(Kind::kTumbling, Fires::kContinuously), [](const Shape& s) {
    return listing(tumbling(s), ContinuousEventTimeTrigger::of(ms(s.interval)), s.lateness);
  });
}
TEST(TimeWindowsModelTest, TumblingWindowsPurgedByCount) {
  compareWithModel(varied(Kind::kTumbling, Fires::kByCountPurging), [](const Shape& s) {
    return listing(tumbling(s), PurgingTrigger::of(CountTrigger::of(s.count)), s.lateness);
  });
}
TEST(TimeWindowsModelTest, SlidingWindowsPurgedAtTheEnd) {
  compareWithModel(varied(Kind::kSliding, Fires::kAtEndPurging), [](const Shape& s) {
    return aggregating(sliding(s), PurgingTrigger::of(EventTimeTrigger::create()), s.lateness);
  });
}
TEST(TimeWindowsModelTest, TumblingWindowsEvictedByCount) {
  compareWithModel(
      [](Shape& shape, Random& random) {
        vary(shape, random, Kind::kTumbling);
        shape.evicts = Shape::Evicts::kAllButLast;
        shape.kept = pick(random, 1, 3);
      },
      [](const Shape& s) {
        return evicting(
            tumbling(s), EventTimeTrigger::create(), CountEvictor::of(s.kept), s.lateness);
      });
}
TEST(TimeWindowsModelTest, SlidingWindowsEvictedByTime) {
  compareWithModel(
      [](Shape& shape, Random& random) {
        vary(shape, random, Kind::kSliding);
        shape.evicts = Shape::Evicts::kOld;
        shape.newer = pick(random, 1, 20);
      },
      [](const Shape& s) {
        return evicting(
            sliding(s), EventTimeTrigger::create(), TimeEvictor::of(ms(s.newer)), s.lateness);
      });
}

}  // namespace
}  // namespace weir::model
