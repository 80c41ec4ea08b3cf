#include "common/windows/continuous_triggers.h"
#include "common/windows/session_assigners.h"
#include "tests/model/generated.h"

namespace weir::model {
namespace {

using Kind = Shape::Kind;
using Fires = Shape::Fires;
using Random = std::mt19937_64;

std::int64_t pick(Random& random, std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(high - low + 1));
}
auto sessions(Fires fires) {
  return [=](Shape& shape, Random& random) {
    shape.kind = Kind::kSession;
    shape.fires = fires;
    shape.size = pick(random, 1, 12);
    shape.lateness = random() % 2 == 0 ? 0 : pick(random, 1, 60);
    shape.count = pick(random, 1, 5);
    shape.interval = pick(random, 2, 30);
  };
}
auto session(const Shape& s) {
  return EventTimeSessionWindows::withGap(Time::milliseconds(s.size));
}

TEST(SessionsModelTest, SessionsListed) {
  compareWithModel(sessions(Fires::kAtEnd), [](const Shape& s) {
    return listing(session(s), EventTimeTrigger::create(), s.lateness);
  });
}
TEST(SessionsModelTest, SessionsAggregated) {
  compareWithModel(sessions(Fires::kAtEnd), [](const Shape& s) {
    return aggregating(session(s), EventTimeTrigger::create(), s.lateness);
  });
}
TEST(SessionsModelTest, SessionsWithGapsOfTheirRecords) {
  compareWithModel(sessions(Fires::kAtEnd), [](const Shape& s) {
    const auto gap = [size = s.size](const Element& /*one*/) { return Time::milliseconds(size); };
    return listing(
        EventTimeSessionWindows::withDynamicGap(gap), EventTimeTrigger::create(), s.lateness);
  });
}
TEST(SessionsModelTest, SessionsFiredByCount) {
  compareWithModel(sessions(Fires::kByCount), [](const Shape& s) {
    return listing(session(s), CountTrigger::of(s.count), s.lateness);
  });
}
TEST(SessionsModelTest, SessionsPurgedByCount) {
  compareWithModel(sessions(Fires::kByCountPurging), [](const Shape& s) {
    return aggregating(session(s), PurgingTrigger::of(CountTrigger::of(s.count)), s.lateness);
  });
}
TEST(SessionsModelTest, SessionsFiredAgainAndAgain) {
  compareWithModel(sessions(Fires::kContinuously), [](const Shape& s) {
    return listing(
        session(s), ContinuousEventTimeTrigger::of(Time::milliseconds(s.interval)), s.lateness);
  });
}

}  // namespace
}  // namespace weir::model
