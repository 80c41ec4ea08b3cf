#include <algorithm>
#include <memory>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/testing/harness.h"
#include "common/windows/interval_join.h"
#include "tests/model/generated.h"

namespace weir::model {
namespace {

struct Pair {
  std::int64_t left = 0;
  std::int64_t right = 0;
  std::int64_t timestamp = 0;
  auto operator<=>(const Pair&) const = default;
};

struct PairsIds {
  void operator()(const Element& left,
                  const Element& right,
                  ProcessJoinContext& context,
                  Collector<Pair>& out) const {
    out.collect({left.id, right.id, context.getTimestamp()});
  }
};

using Runner = windows::IntervalJoinRunner<Element, Element, PairsIds>;
using Joining = windows::
    IntervalJoinOperator<Element, Element, Pair, int, PairsIds, KeyOfElement, KeyOfElement>;

/// One subtask after the other, each restored from the one before.
class Joiner final : public testing::Harness<Pair, int> {
 public:
  explicit Joiner(windows::Interval interval)
      : testing::Harness<Pair, int>(
            [interval] {
              return std::make_unique<Joining>(
                  Runner(PairsIds{}, interval), KeyOfElement{}, KeyOfElement{});
            },
            2) {
    setMaxParallelism(128);
  }

  void element(const Element& one, std::uint32_t port) { send(port, one, one.timestamp); }
  void restart() { restore(snapshot()); }
};

/// All pairs within the interval of what was not behind the watermark when it came.
class JoinModel {
 public:
  explicit JoinModel(windows::Interval interval) : interval_(interval) {}
  void element(const Element& one, std::uint32_t port) {
    if (one.timestamp < watermark) {
      return;
    }
    for (const auto& [other, other_port] : taken_) {
      if (other_port == port || other.key != one.key) {
        continue;
      }
      const Element& left = port == 0 ? one : other;
      const Element& right = port == 0 ? other : one;
      const std::int64_t apart = right.timestamp - left.timestamp;
      if (apart >= interval_.lower && apart <= interval_.upper) {
        results.push_back({left.id, right.id, std::max(left.timestamp, right.timestamp)});
      }
    }
    taken_.emplace_back(one, port);
  }

  std::int64_t watermark = kBegin;
  std::vector<Pair> results;

 private:
  windows::Interval interval_;
  std::vector<std::pair<Element, std::uint32_t>> taken_;
};

TEST(IntervalJoinModelTest, JoinsAllPairsInTheInterval) {
  for (std::uint64_t seed = 0; seed < seedCount() * 4; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const auto between = [&random](std::int64_t low, std::int64_t high) {
      return low + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(high - low + 1));
    };
    windows::Interval interval{between(-20, 20), 0};
    interval.upper = interval.lower + between(0, 25);
    Joiner tested(interval);
    JoinModel model(interval);
    std::int64_t base = between(-100, 100);
    for (std::int64_t id = 0; id < 150; ++id) {
      const std::int64_t what = between(0, 9);
      if (what < 8) {
        const Element one{static_cast<int>(between(0, 2)), base + between(-25, 15), id};
        const auto port = static_cast<std::uint32_t>(between(0, 1));
        model.element(one, port);
        tested.element(one, port);
      } else if (what == 8) {
        base += between(0, 20);
        if (base > model.watermark) {
          model.watermark = base;
          tested.watermark(base);
        }
      } else {
        tested.restart();
        if (model.watermark != kBegin) {  // It goes on from where it was.
          tested.watermark(model.watermark);
        }
      }
    }
    std::vector<Pair> pairs = tested.takeOutput();
    std::sort(pairs.begin(), pairs.end());
    std::sort(model.results.begin(), model.results.end());
    ASSERT_EQ(pairs, model.results);
    tested.watermark(kEnd);
    ASSERT_EQ(tested.stateEntries(), 0U) << "state was left behind";
  }
}

}  // namespace
}  // namespace weir::model
