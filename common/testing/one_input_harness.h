#pragma once

#include <cstdint>
#include <utility>

#include "common/functions/collector.h"
#include "common/testing/harness.h"
#include "common/testing/one_input_operator.h"

namespace weir::testing {

/// Runs a function of one input: any class that a stream's map, flatMap, filter, reduce, fold,
/// process, addSink or assignTimestampsAndWatermarks takes, or a callable that names its types.
/// With a key selector it runs on a stream with keys.
///
///     OneInputHarness h(CountPerWord{}, [](const std::string& word) { return word; });
///     h.push("to");
///     h.push("to");
///     EXPECT_THAT(h.output(), ElementsAre("to=1", "to=2"));
///
/// A callable is a function of flatMap, process or reduce by what it takes, a sink where it
/// returns nothing, else a function of map; filter(f) makes one of filter of it.
template <typename F, typename Selector = functions::NoSelector>
class OneInputHarness final
    : public Harness<
          typename one_input::KindOf<F>::Out,
          typename one_input::KeyOfSelector<Selector, typename one_input::KindOf<F>::In>::Type> {
  using Kind = one_input::KindOf<F>;

 public:
  using In = typename Kind::In;
  using Key = typename one_input::KeyOfSelector<Selector, In>::Type;

  explicit OneInputHarness(F function, Selector selector = {})
      : Harness<typename Kind::Out, Key>(
            one_input::factoryOf<Kind, Key>(std::move(function), std::move(selector)), 1) {}

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
