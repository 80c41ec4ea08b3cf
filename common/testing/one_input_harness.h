#pragma once

#include <cstdint>
#include <utility>

#include "common/functions/collector.h"
#include "common/testing/harness.h"
#include "common/testing/one_input_operator.h"
#include "common/testing/one_input_setup.h"

namespace weir::testing {

/// Runs a function of one input: any class that a stream takes in map, flatMap, filter, reduce,
/// fold, process, addSink or assignTimestampsAndWatermarks, an AsyncFunction, or a callable that
/// names its types. With a key selector it runs on a stream with keys.
///
///     OneInputHarness h(CountPerWord{}, [](const std::string& word) { return word; });
///     h.push("to");
///     h.push("to");
///     EXPECT_THAT(h.output(), ElementsAre("to=1", "to=2"));
///
/// Functions of windows take their windows last: an assigner, or inWindows() of what the program
/// does. Without key selector these are windows of all records, whose key is 0 to state().
///
///     OneInputHarness h(TopPages{}, &Click::user, TumblingEventTimeWindows::of(Time::seconds(1)));
///     OneInputHarness h(combine(Count{}, Label{}), &Click::user, inWindows([](auto clicks) {
///       return clicks.window(SlidingEventTimeWindows::of(...)).allowedLateness(...);
///     }));
///
/// An AggregateFunction without windows gives its result after each record.
///
/// A callable is a function of flatMap, process or reduce by what it takes, a sink where it
/// returns nothing, else a function of map; filter(f) makes one of filter of it.
template <typename F,
          typename Selector = functions::NoSelector,
          typename Windows = one_input::NoWindows>
class OneInputHarness final : public Harness<typename one_input::Setup<F, Selector, Windows>::Out,
                                             typename one_input::Setup<F, Selector, Windows>::Key> {
  using Setup = one_input::Setup<F, Selector, Windows>;

 public:
  using In = typename Setup::In;
  using Key = typename Setup::Key;

  explicit OneInputHarness(F function, Selector selector = {}, Windows windows = {})
      : Harness<typename Setup::Out, Key>(
            Setup::make(std::move(function), std::move(selector), std::move(windows)),
            1,
            harness_internal::spaceOfKey<typename Setup::Window>()) {}

  /// One record, and all that the function makes of it.
  void push(In value, std::int64_t timestamp = kNoTimestamp) {
    this->send(0, std::move(value), timestamp);
  }
};

namespace harness_internal {
template <typename T, typename F>
class Filtering final : public FilterFunction<T> {
 public:
  explicit Filtering(F function) : function_(std::move(function)) {}
  bool filter(const T& value) override { return function_(value); }

 private:
  F function_;
};
}  // namespace harness_internal

/// A callable bool(const T&) as a function of filter.
template <typename F>
auto filter(F function) {
  return harness_internal::Filtering<typename one_input::KindOf<F>::In, F>(std::move(function));
}

}  // namespace weir::testing
