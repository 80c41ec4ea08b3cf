#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "common/api/data_stream.h"
#include "common/api/field.h"
#include "common/api/keyed_stream.h"
#include "common/api/window_spec.h"
#include "common/windows/continuous_triggers.h"
#include "common/windows/session_assigners.h"

namespace weir {

/// A stream cut into windows: what is done with them makes it a stream again. A handle, as
/// DataStream. window() and windowAll() return it. P: its parts (api::WindowParts).
template <typename P>
class WindowedStream {
 public:
  using T = typename P::In;
  using K = typename P::Key;
  using W = typename P::Window;

  explicit WindowedStream(P parts) : parts_(std::move(parts)) {}

  /// What fires the windows, instead of what the assigner's would be fired by.
  template <typename Tr>
  auto trigger(Tr trigger) const {
    constexpr bool kFits = windows::Triggers<Tr, T, W>;
    static_assert(kFits,
                  "trigger() takes a trigger for the records of this stream and the windows of its "
                  "assigner: one of ours, or a class derived from Trigger<T, W>");
    if constexpr (kFits && api::checkFunction<Tr>()) {
      return api::windowed(parts_.withTrigger(std::move(trigger)));
    } else {
      return api::Refused{};
    }
  }
  /// What takes elements out of windows that fire. All elements are kept, also where they would be
  /// combined as they come.
  template <typename E>
  auto evictor(E evictor) const {
    constexpr bool kFits = windows::Evicts<E, T, W>;
    static_assert(kFits,
                  "evictor() takes an evictor for the records of this stream and the windows of "
                  "its assigner: one of ours, or a class derived from Evictor<T, W>");
    if constexpr (kFits && api::checkFunction<E>()) {
      return api::windowed(parts_.withEvictor(std::move(evictor)));
    } else {
      return api::Refused{};
    }
  }
  /// How long a window is kept after the watermark has passed its end; 0 unless set.
  WindowedStream allowedLateness(Time lateness) const {
    WindowedStream stream = *this;
    stream.parts_.setLateness(lateness);
    return stream;
  }
  /// Where records go that are dropped because they are late: getSideOutput(tag) of the result.
  template <typename U>
  auto sideOutputLateData(const OutputTag<U>& tag) const {
    static_assert(std::is_same_v<U, T>,
                  "sideOutputLateData() takes an OutputTag<T>, where T is the type of this "
                  "stream's records");
    if constexpr (std::is_same_v<U, T>) {
      WindowedStream stream = *this;
      stream.parts_.late = tag;
      return stream;
    } else {
      return api::Refused{};
    }
  }

  /// Combines the elements of each window; one value is kept of them. f: a callable
  /// T(const T&, const T&) or a ReduceFunction<T>.
  template <typename F>
  auto reduce(F f) const {
    return reduceAs("windowReduce", std::move(f), windows::NoFunction{});
  }
  /// The same, and gives the result to a window function (as apply() or process() take it).
  template <typename Out = void, typename F, typename G>
  auto reduce(F f, G function) const {
    return reduceAs<Out>("windowReduce", std::move(f), std::move(function));
  }
  /// Folds the elements of each window, beginning with `initial`. f: a callable
  /// Acc(const Acc&, const T&) or a FoldFunction<T, Acc>.
  template <typename Initial, typename F>
  auto fold(Initial initial, F f) const {
    return foldAs(std::move(initial), std::move(f), windows::NoFunction{});
  }
  template <typename Out = void, typename Initial, typename F, typename G>
  auto fold(Initial initial, F f, G function) const {
    return foldAs<Out>(std::move(initial), std::move(f), std::move(function));
  }
  /// Aggregates the elements of each window. f: an AggregateFunction<T, Acc, Out>. Sliding windows
  /// keep an accumulator for each pane, and merge them when they fire.
  template <typename F>
  auto aggregate(F f) const {
    return aggregateAs(std::move(f), windows::NoFunction{});
  }
  template <typename Out = void, typename F, typename G>
  auto aggregate(F f, G function) const {
    return aggregateAs<Out>(std::move(f), std::move(function));
  }

  // Aggregates of each window, of a member that is named as on KeyedStream.
  template <typename... Which>
  SingleOutputStreamOperator<T> sum(Which... which) const {
    return over<api::Sum>("sum", which...);
  }
  template <typename... Which>
  SingleOutputStreamOperator<T> min(Which... which) const {
    return over<Min>("min", which...);
  }
  template <typename... Which>
  SingleOutputStreamOperator<T> max(Which... which) const {
    return over<Max>("max", which...);
  }
  template <typename... Which>
  SingleOutputStreamOperator<T> minBy(Which... which) const {
    return over<MinBy>("minBy", which...);
  }
  template <typename... Which>
  SingleOutputStreamOperator<T> maxBy(Which... which) const {
    return over<MaxBy>("maxBy", which...);
  }

  /// Gives all elements to a function. f: a WindowFunction<T, Out, K, W>, or a callable
  /// (const K&, const W&, Iterable<T>&, Collector<Out>&); of a stream without keys an
  /// AllWindowFunction<T, Out, W>, or a callable without the key. Out has to be named,
  /// apply<Out>(f), where f takes its collector as auto&.
  template <typename Out = void, typename F>
  auto apply(F f) const {
    using Result = windows::WindowResult<F, Out>;
    constexpr bool kFits = api::kApplies<P, F, T, Result>;
    static_assert(kFits,
                  "apply() takes a WindowFunction<T, Out, K, W> or a callable (const K&, const W&, "
                  "Iterable<T>&, Collector<Out>&), and after windowAll() an AllWindowFunction<T, "
                  "Out, W> or a callable without the key; name the type, apply<Out>(f), where the "
                  "collector is auto&");
    return add<kFits, Result, false>("windowApply", windows::ListedContents<T>(), std::move(f));
  }
  /// The same with a context. f: a ProcessWindowFunction<T, Out, K, W>, or a callable
  /// (const K&, ProcessWindowContext<W>&, Iterable<T>&, Collector<Out>&); of a stream without keys
  /// a ProcessAllWindowFunction<T, Out, W>, or a callable without the key.
  template <typename Out = void, typename F>
  auto process(F f) const {
    using Result = windows::WindowResult<F, Out>;
    constexpr bool kFits = api::kProcesses<P, F, T, Result>;
    static_assert(kFits,
                  "process() takes a ProcessWindowFunction<T, Out, K, W> or a callable (const K&, "
                  "ProcessWindowContext<W>&, Iterable<T>&, Collector<Out>&), and after windowAll() "
                  "a ProcessAllWindowFunction<T, Out, W> or a callable without the key; name the "
                  "type, process<Out>(f), where the collector is auto&");
    return add<kFits, Result, true>("windowProcess", windows::ListedContents<T>(), std::move(f));
  }

 private:
  template <typename U, typename Field>
  using Min = api::Extreme<U, Field, false, false>;
  template <typename U, typename Field>
  using Max = api::Extreme<U, Field, true, false>;
  template <typename U, typename Field>
  using MinBy = api::Extreme<U, Field, false, true>;
  template <typename U, typename Field>
  using MaxBy = api::Extreme<U, Field, true, true>;

  template <bool kFits, typename Out, bool kProcess, typename Contents, typename G>
  auto add(const std::string& kind, Contents contents, G function) const {
    if constexpr (!kFits) {
      return api::Refused{};
    } else {
      return parts_.template add<Out, kProcess>(kind, std::move(contents), std::move(function));
    }
  }
  /// Adds an operator that combines elements as they come to an Element, for a function if any.
  template <typename Out, typename Element, typename Contents, typename G>
  auto combine(const std::string& kind, Contents contents, G function) const {
    if constexpr (std::is_same_v<G, windows::NoFunction>) {
      return add<true, Element, false>(kind, std::move(contents), std::move(function));
    } else {
      using Result = windows::WindowResult<G, Out>;
      constexpr bool kApplies = api::kApplies<P, G, Element, Result>;
      constexpr bool kFits = kApplies || api::kProcesses<P, G, Element, Result>;
      static_assert(kFits,
                    "the second function gets what the first one makes of a window: it is one that "
                    "apply() or process() take, for elements of that type");
      return add<kFits, Result, !kApplies>(kind, std::move(contents), std::move(function));
    }
  }

  template <typename Out = void, typename F, typename G>
  auto reduceAs(const std::string& kind, F f, G function) const {
    static_assert(functions::Reduces<F, T>,
                  "reduce() takes a ReduceFunction<T> or a callable T(const T&, const T&), where T "
                  "is the type of this stream's records");
    if constexpr (functions::Reduces<F, T> && api::checkCombining<F>()) {
      return combine<Out, T>(
          kind, windows::ReducedContents<T, F>(std::move(f)), std::move(function));
    } else {
      return api::Refused{};
    }
  }
  template <typename Out = void, typename Initial, typename F, typename G>
  auto foldAs(Initial initial, F f, G function) const {
    using Acc = functions::FoldResult<F, Initial, T>;
    constexpr bool kFits = functions::Folds<F, Acc, T>;
    static_assert(kFits,
                  "fold() takes an initial Acc, and a FoldFunction<T, Acc> or a callable "
                  "Acc(const Acc&, const T&), where T is the type of this stream's records");
    static_assert(!P::kMerging,
                  "fold() has no way to merge two sessions: use aggregate() or reduce()");
    if constexpr (kFits && !P::kMerging && api::checkRecord<Acc>() && api::checkCombining<F>()) {
      return combine<Out, Acc>(
          "windowFold",
          windows::FoldedContents<T, Acc, F>(static_cast<Acc>(std::move(initial)), std::move(f)),
          std::move(function));
    } else {
      return api::Refused{};
    }
  }
  template <typename Out = void, typename F, typename G>
  auto aggregateAs(F f, G function) const {
    constexpr bool kFits = api::kAggregates<F, T>;
    static_assert(kFits,
                  "aggregate() takes an AggregateFunction<T, Acc, Out>, where T is the type of "
                  "this stream's records");
    if constexpr (kFits && api::checkCombining<F>()) {
      using Acc = functions::ArgumentOf<F, AggregateFunction, 1>;
      using Result = functions::ArgumentOf<F, AggregateFunction, 2>;
      if constexpr (api::checkRecord<Acc>()) {
        return combine<Out, Result>("windowAggregate",
                                    windows::AggregatedContents<T, Acc, Result, F>(std::move(f)),
                                    std::move(function));
      } else {
        return api::Refused{};
      }
    } else {
      return api::Refused{};
    }
  }

  template <template <typename, typename> typename Function, typename Which>
    requires(!api::NamesMember<Which>)
  SingleOutputStreamOperator<T> over(const std::string& /*kind*/, const Which& /*which*/) const {
    static_assert(api::NamesMember<Which>,
                  "sum(), min(), max(), minBy() and maxBy() take a pointer to a member of the "
                  "records, its place or its name, or nothing where records are numbers");
    return api::Refused{};
  }
  template <template <typename, typename> typename Function>
  SingleOutputStreamOperator<T> over(const std::string& kind) const {
    using Whole = Function<T, api::WholeRecord>;
    if constexpr (api::checkAggregated<Whole::kAdds, T>()) {
      return reduceAs(kind, Whole{}, windows::NoFunction{});
    } else {
      return api::Refused{};
    }
  }
  template <template <typename, typename> typename Function, typename M, typename Owner>
  SingleOutputStreamOperator<T> over(const std::string& kind, M Owner::* member) const {
    static_assert(std::is_same_v<Owner, T>, "the member belongs to another type than the records");
    if constexpr (!std::is_same_v<Owner, T>) {
      return api::Refused{};
    } else if constexpr (api::checkAggregated<Function<T, api::MemberOf<T, M>>::kAdds, M>()) {
      return reduceAs(kind,
                      Function<T, api::MemberOf<T, M>>{api::MemberOf<T, M>{member}},
                      windows::NoFunction{});
    } else {
      return api::Refused{};
    }
  }
  template <template <typename, typename> typename Function>
  SingleOutputStreamOperator<T> over(const std::string& kind, int position) const {
    const Function<T, api::AtPosition> function{{static_cast<std::size_t>(position)}};
    SingleOutputStreamOperator<T> stream = reduceAs(kind, function, windows::NoFunction{});
    if (std::string problem = api::problemAtPosition<T>(function, kind, position);
        !problem.empty()) {
      stream.program()->node(stream.inputs().front().node).errors.push_back(std::move(problem));
    }
    return stream;
  }
  template <template <typename, typename> typename Function>
  SingleOutputStreamOperator<T> over(const std::string& kind, std::string_view name) const {
    return over<Function>(kind, api::positionOf<T>(name));
  }

  P parts_;
};

}  // namespace weir
