#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/model/subtasks.h"

/// Runs generated streams through a window operator and the model, and compares.
namespace weir::model {

inline std::uint64_t seedCount() {
  const char* wanted = std::getenv("WEIR_MODEL_SEEDS");
  return wanted == nullptr ? 150 : std::strtoull(wanted, nullptr, 10);
}

/// What is the same of two runs: results, and the elements of each, in any order.
inline std::vector<Result> sorted(std::vector<Result> results) {
  for (Result& one : results) {
    std::sort(one.ids.begin(), one.ids.end());
  }
  std::sort(results.begin(), results.end());
  return results;
}
inline std::vector<std::int64_t> sorted(std::vector<std::int64_t> ids) {
  std::sort(ids.begin(), ids.end());
  return ids;
}

/// One stream, by seed.
template <typename P>
class Run {
 public:
  Run(std::uint64_t seed, const Shape& shape, const windows::WindowRunner<P>& runner)
      : random_(seed), shape_(shape), model_(shape), tested_(runner) {}

  void go() {
    if (!shape_.event_time) {
      pass(1'000'000);
    } else if (below(3) == 0) {
      base_ = below(2) == 0 ? -1'000'000'000'000 : 1'456'000'000'000;
    }
    const std::uint64_t steps = 10 + below(40);
    for (std::uint64_t i = 0; i < steps && !::testing::Test::HasFailure(); ++i) {
      step();
      compare();
    }
    finish();
  }

 private:
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high - low + 1)));
  }

  void step() {
    const std::uint64_t what = below(10);
    if (what < 6) {
      const std::uint64_t count = 1 + below(8);
      for (std::uint64_t i = 0; i < count; ++i) {
        element();
        if (below(4) == 0) {
          tested_.sendBatches();
        }
      }
      tested_.sendBatches();
    } else if (what < 9) {
      if (shape_.event_time) {
        base_ += between(0, 2) == 0 ? between(0, 150) : between(0, 15);
        base_ += below(60) == 0 ? 10'000'000'000 : 0;
        pass(std::max(time_, base_ + between(-40, 5)));
      } else {
        pass(time_ + between(0, 40) + (below(40) == 0 ? 1'000'000 : 0));
      }
    } else {
      model_.restart();
      tested_.restart(static_cast<std::uint32_t>(1 + below(3)));
      if (shape_.event_time) {
        time_ = kBegin;
        base_ -= between(0, 60);
      } else {
        model_.advance(time_);  // What is due in this very instant fires before all else.
      }
    }
  }
  void element() {
    if (below(8) != 0) {  // Else with the timestamp of the one before.
      timestamp_ = base_ + between(-60, 40);
    }
    const Element one{static_cast<int>(below(4)), timestamp_, next_id_++};
    model_.element(one);
    tested_.element(one);
  }
  void pass(std::int64_t time) {
    if (time == time_) {
      return;  // It would be no news to the operator.
    }
    time_ = time;
    model_.advance(time);
    shape_.event_time ? tested_.watermark(time) : tested_.clock(time);
  }
  void compare() {
    ASSERT_EQ(sorted(tested_.takeResults()), sorted(model_.takeResults()));
    ASSERT_EQ(sorted(tested_.takeDropped()), sorted(model_.takeDropped()));
  }
  void finish() {
    const bool global = shape_.kind == Shape::Kind::kGlobal;
    if (global) {
      return;
    }
    pass(shape_.event_time ? kEnd : time_ + 1'000'000'000);
    compare();
    EXPECT_EQ(tested_.held(), 0U) << "state was left behind";
  }

  std::mt19937_64 random_;
  Shape shape_;
  WindowModel model_;
  Subtasks<P> tested_;
  std::int64_t base_ = 0;
  std::int64_t time_ = kBegin;
  std::int64_t timestamp_ = 0;
  std::int64_t next_id_ = 0;
};

/// Compares many streams. `vary(shape, random)` chooses numbers; `runner(shape)` makes the
/// operator.
template <typename Vary, typename MakeRunner>
void compareWithModel(Vary vary, MakeRunner make) {
  for (std::uint64_t seed = 0; seed < seedCount(); ++seed) {
    std::mt19937_64 random(seed * 7919 + 1);
    Shape shape;
    vary(shape, random);
    SCOPED_TRACE("seed " + std::to_string(seed) + ", " + describe(shape));
    const auto runner = make(shape);
    [&]<typename P>(const windows::WindowRunner<P>& one) { Run<P>(seed, shape, one).go(); }(runner);
    if (::testing::Test::HasFailure()) {
      return;
    }
  }
}

/// Windows whose elements are listed.
template <typename A, typename Tr>
auto listing(A assigner, Tr trigger, std::int64_t lateness) {
  using W = typename A::Window;
  using P = windows::
      Parts<Element, Result, int, A, Tr, windows::ListedContents<Element>, ListsIds<W>, false>;
  return windows::WindowRunner<P>(
      std::move(assigner), std::move(trigger), {}, {}, lateness, OutputTag<Element>("late"));
}
/// The same, after an evictor.
template <typename A, typename Tr, typename E>
auto evicting(A assigner, Tr trigger, E evictor, std::int64_t lateness) {
  using W = typename A::Window;
  using Contents = windows::EvictedContents<Element, E, windows::ListedContents<Element>>;
  using P = windows::Parts<Element, Result, int, A, Tr, Contents, ListsIds<W>, false>;
  return windows::WindowRunner<P>(std::move(assigner),
                                  std::move(trigger),
                                  Contents(std::move(evictor), {}),
                                  {},
                                  lateness,
                                  OutputTag<Element>("late"));
}
/// Windows whose elements are aggregated as they come.
template <typename A, typename Tr>
auto aggregating(A assigner, Tr trigger, std::int64_t lateness) {
  using W = typename A::Window;
  using Ids = std::vector<std::int64_t>;
  using Contents = windows::AggregatedContents<Element, Ids, Ids, CollectsIds>;
  using P = windows::Parts<Element, Result, int, A, Tr, Contents, PassesIds<W>, false>;
  return windows::WindowRunner<P>(std::move(assigner),
                                  std::move(trigger),
                                  Contents(CollectsIds{}),
                                  {},
                                  lateness,
                                  OutputTag<Element>("late"));
}

}  // namespace weir::model
