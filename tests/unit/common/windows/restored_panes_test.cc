#include "common/windows/restored_panes.h"

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/windows/timed_windows.h"
#include "tests/unit/common/windows/running.h"

namespace weir::windows {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using ::testing::UnorderedElementsAreArray;

struct Total : AggregateFunction<Entry, Entry, Entry> {
  Entry createAccumulator() override { return {"", 0}; }
  void add(const Entry& entry, Entry& total) override {
    total = {entry.first, total.second + entry.second};
  }
  Entry getResult(const Entry& total) override { return total; }
  Entry merge(const Entry& a, const Entry& b) override { return {a.first, a.second + b.second}; }
};

using Totals = AggregatedContents<Entry, Entry, Entry, Total>;
using Sums = ReducedContents<Entry, Sum>;

Totals contents(const Totals* /*kind*/) { return Totals(Total{}); }
Sums contents(const Sums* /*kind*/) { return Sums(Sum{}); }

/// Windows whose elements are kept by pane where Contents are Totals, and else by window.
template <typename Contents, typename A, typename Tr>
auto running(A assigner, Tr trigger, std::int64_t lateness = 0) {
  using P = Parts<Entry, Entry, std::string, A, Tr, Contents, NoFunction, false>;
  return Running<P>(WindowRunner<P>(std::move(assigner),
                                    std::move(trigger),
                                    contents(static_cast<const Contents*>(nullptr)),
                                    {},
                                    lateness,
                                    std::nullopt));
}
auto sliding(std::int64_t size,
             std::int64_t slide,
             std::int64_t lateness = 0,
             std::int64_t offset = 0) {
  return running<Totals>(
      SlidingEventTimeWindows::of(seconds(size), seconds(slide), seconds(offset)),
      EventTimeTrigger::create(),
      lateness);
}
/// With the windows from -8 s, 1 of which has fired.
template <typename R>
auto begun(R before) {
  before.element({"a", 1}, 1000);
  before.element({"a", 2}, 3000);
  before.watermark(1999);
  EXPECT_THAT(before.take(), ElementsAre("a-1@1999"));
  return before.snapshot();
}

TEST(RestoredPanesTest, WindowsOfAnotherSizeThanNowStillFireAtTheirTimesWithWhatTheyHad) {
  for (const std::int64_t lateness : {0, 2000}) {
    SCOPED_TRACE(lateness);
    auto after = sliding(4, 2);
    after.restore(begun(sliding(10, 2, lateness)));
    after.element({"a", 4}, 4000);
    after.watermark(30'000);
    EXPECT_THAT(
        after.take(),
        UnorderedElementsAre(
            "a-3@3999", "a-3@5999", "a-4@5999", "a-4@7999", "a-3@7999", "a-3@9999", "a-2@11999"));
    EXPECT_EQ(after.stateEntries(), 0U);
  }
}

TEST(RestoredPanesTest, AWindowThatIsOneOfTheProgramsNowTakesFurtherRecords) {
  auto after = sliding(10, 5);
  after.restore(begun(sliding(10, 2)));
  after.element({"a", 4}, 4000);
  after.watermark(30'000);
  EXPECT_THAT(after.take(),
              UnorderedElementsAre(
                  "a-3@3999", "a-4@4999", "a-3@5999", "a-3@7999", "a-7@9999", "a-2@11999"));
  EXPECT_EQ(after.stateEntries(), 0U);
}

TEST(RestoredPanesTest, WindowsInPanesThatTheProgramHasNoMoreFireAllTheSame) {
  const auto check = [](auto after, const char* what) {
    SCOPED_TRACE(what);
    after.restore(begun(sliding(10, 2)));
    after.watermark(30'000);
    EXPECT_THAT(after.take(),
                ElementsAre("a-3@3999", "a-3@5999", "a-3@7999", "a-3@9999", "a-2@11999"));
    EXPECT_EQ(after.stateEntries(), 0U);
  };
  const auto windows = SlidingEventTimeWindows::of(seconds(10), seconds(2));
  const auto fires = EventTimeTrigger::create();
  check(running<Totals>(windows, PurgingTrigger::of(fires)), "a trigger that purges");
  check(running<Totals>(TumblingEventTimeWindows::of(seconds(10)), fires), "an assigner without");
  check(sliding(10'000, 1), "more of them than are worth it");
}

TEST(RestoredPanesTest, WindowsOfEventTimeFireByTheClockWhereTheProgramGoesByThat) {
  auto after = running<Totals>(SlidingProcessingTimeWindows::of(seconds(10), seconds(2)),
                               ProcessingTimeTrigger::create());
  after.restore(begun(sliding(10, 2)));
  after.open();
  after.setProcessingTime(30'000);
  EXPECT_THAT(after.take(),
              ElementsAre("a-3@3999", "a-3@5999", "a-3@7999", "a-3@9999", "a-2@11999"));
  EXPECT_EQ(after.stateEntries(), 0U);
}

struct Windows {
  std::int64_t size = 0;
  std::int64_t slide = 0;
  std::int64_t offset = 0;
  std::int64_t lateness = 0;
};

/// What windows emit that are others after each of a few restores; `seed`: records and watermarks.
template <typename Contents>
std::vector<std::string> throughRestores(const std::vector<Windows>& all, std::uint32_t seed) {
  std::mt19937 random(seed);
  const auto below = [&](std::uint32_t n) { return static_cast<std::int64_t>(random() % n); };
  std::vector<std::string> emitted;
  std::optional<testing::Snapshot> before;
  std::int64_t watermark = -20;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Windows& one = all[i];
    auto now = running<Contents>(SlidingEventTimeWindows::of(Time::milliseconds(one.size),
                                                             Time::milliseconds(one.slide),
                                                             Time::milliseconds(one.offset)),
                                 EventTimeTrigger::create(),
                                 one.lateness);
    if (before) {
      now.restore(*before);
    }
    for (int step = 0; step < 12; ++step) {
      if (below(3) == 0) {
        watermark += below(8);
        now.watermark(watermark);
      } else {
        const std::string key = below(2) == 0 ? "a" : "b";
        const int value = 1 << below(12);
        now.element({key, value}, watermark + below(24) - 8);
      }
    }
    if (i + 1 == all.size()) {
      now.watermark(10'000);
    }
    std::ranges::copy(now.take(), std::back_inserter(emitted));
    before = now.snapshot();
    EXPECT_TRUE(i + 1 < all.size() || now.stateEntries() == 0U);
  }
  return emitted;
}

TEST(RestoredPanesTest, WindowsInPanesEmitWhatOthersDoHoweverTheyChangeOverRestores) {
  for (std::uint32_t seed = 1; seed <= 300; ++seed) {
    std::mt19937 random(seed);
    const auto from = [&](std::int64_t least, std::int64_t most) {
      return least + static_cast<std::int64_t>(random() % (most - least + 1));
    };
    const std::int64_t lateness =
        from(0, 1) * from(1, 6);  // A change of it alone has its own test.
    std::vector<Windows> all;
    for (int i = 0; i < 3; ++i) {
      all.push_back({from(1, 12), from(1, 12), from(0, 3), lateness});
    }
    ASSERT_THAT(throughRestores<Totals>(all, seed),
                UnorderedElementsAreArray(throughRestores<Sums>(all, seed)))
        << "seed " << seed;
  }
}

}  // namespace
}  // namespace weir::windows
