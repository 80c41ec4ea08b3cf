#pragma once

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "common/api/keyed_stream.h"
#include "common/windows/interval_join.h"
#include "common/windows/problems.h"

namespace weir {

/// Two streams with keys, of which records of nearby timestamps are joined. A handle, as
/// DataStream.
template <typename Stream1, typename Stream2>
class IntervalJoined {
  using L = typename Stream1::Record;
  using R = typename Stream2::Record;
  using K = typename Stream1::Key;

 public:
  IntervalJoined(Stream1 first, Stream2 second)
      : first_(std::move(first)), second_(std::move(second)) {}

  /// A left record is joined with the right ones whose timestamps are at least its own + lower, and
  /// at most its own + upper. Both may be negative.
  IntervalJoined between(Time lower, Time upper) const {
    IntervalJoined bounded = *this;
    bounded.bounded_ = true;
    bounded.problem_ = windows::firstOf(windows::named("between(), lower", lower.offsetProblem()),
                                        windows::named("between(), upper", upper.offsetProblem()));
    bounded.interval_ = {lower.toMilliseconds(), upper.toMilliseconds()};
    return bounded;
  }
  // The bounds themselves are out.
  IntervalJoined lowerBoundExclusive() const {
    IntervalJoined bounded = *this;
    bounded.lower_excluded_ = true;
    return bounded;
  }
  IntervalJoined upperBoundExclusive() const {
    IntervalJoined bounded = *this;
    bounded.upper_excluded_ = true;
    return bounded;
  }

  /// f: a ProcessJoinFunction<L, R, Out>, or a callable
  /// (const L&, const R&, ProcessJoinContext&, Collector<Out>&). Out has to be named,
  /// process<Out>(f), where f takes its collector as auto&.
  template <typename Out = void, typename F>
  auto process(F f) const {
    using Result = typename windows::PairResultOf<ProcessJoinFunction, F, Out>::Type;
    constexpr bool kFits = windows::JoinsPairs<F, L, R, Result>;
    static_assert(
        kFits,
        "process() of an interval join takes a ProcessJoinFunction<L, R, Out> or a "
        "callable (const L&, const R&, ProcessJoinContext&, Collector<Out>&), where L and "
        "R are the types of the streams' records; name the type, process<Out>(f), where "
        "the collector is auto&");
    if constexpr (!kFits) {
      return api::Refused{};
    } else if constexpr (api::checkRecord<Result>() && api::checkFunction<F>()) {
      return add<Result>(std::move(f));
    } else {
      return api::Refused{};
    }
  }

 private:
  template <typename Out, typename F>
  auto add(F f) const {
    using Runner = windows::IntervalJoinRunner<L, R, F>;
    using Selector1 = std::decay_t<decltype(first_.selector())>;
    using Selector2 = std::decay_t<decltype(second_.selector())>;
    const windows::Interval interval{interval_.lower + (lower_excluded_ ? 1 : 0),
                                     interval_.upper - (upper_excluded_ ? 1 : 0)};
    Runner runner(std::move(f), interval);
    api::NodeSpec spec = api::specAfter(first_.inputs(), "intervalJoin", "Interval Join");
    api::describeFunction<Runner, K>(spec.node, runner);
    spec.node.all_states_declared =
        api::declaresAllStates<F, K>() || !functions::programAsksForState();
    api::noteProblem(spec.node, problemOf(interval));
    spec.inputs.push_back(second_.inputs());
    spec.makeBy(
        [runner = std::move(runner), first = first_.selector(), second = second_.selector()](
            const api::NodeFacts& /*facts*/) -> functions::Operator* {
          return new windows::IntervalJoinOperator<L, R, Out, K, F, Selector1, Selector2>(
              runner, first, second);
        });
    const auto& program = first_.program();
    if (second_.program() != program) {
      program->refuse("intervalJoin() joins streams of two environments");
    }
    return SingleOutputStreamOperator<Out>(program, program->add(std::move(spec)));
  }
  std::string problemOf(const windows::Interval& interval) const {
    if (!bounded_) {
      return "intervalJoin() has no bounds: call between(lower, upper) before process()";
    }
    if (problem_.empty() && interval.lower > interval.upper) {
      return "between(): no time is from " + std::to_string(interval.lower) + " ms to " +
             std::to_string(interval.upper) + " ms";
    }
    return problem_;
  }

  Stream1 first_;
  Stream2 second_;
  windows::Interval interval_;
  bool bounded_ = false;
  bool lower_excluded_ = false;
  bool upper_excluded_ = false;
  std::string problem_;
};

template <typename T, typename K, typename S>
template <typename Other>
auto KeyedStream<T, K, S>::intervalJoin(const Other& other) const {
  if constexpr (std::is_same_v<Other, api::Refused>) {
    return other;
  } else {
    constexpr bool kSame = [] {
      if constexpr (requires { typename Other::Key; }) {
        return std::is_same_v<K, typename Other::Key>;
      }
      return false;
    }();
    static_assert(kSame, "intervalJoin() takes a keyed stream with keys of the same type");
    if constexpr (kSame) {
      return IntervalJoined<KeyedStream, Other>(*this, other);
    } else {
      return api::Refused{};
    }
  }
}

}  // namespace weir
