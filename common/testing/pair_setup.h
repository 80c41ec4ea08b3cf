#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>

#include "common/api/environment.h"
#include "common/api/interval_joined.h"
#include "common/api/joined_streams.h"
#include "common/functions/callable.h"
#include "common/functions/operator.h"
#include "common/functions/time.h"
#include "common/testing/elements.h"
#include "common/testing/in_windows.h"
#include "common/testing/operator_graph.h"
#include "common/testing/window_setup.h"
#include "common/windows/join_functions.h"

/// From a function of a join to the operator that runs it, by the graph that a program would build.
namespace weir::testing {

/// The bounds of an interval join, for a harness. between() makes it.
class Between {
 public:
  Between(Time lower, Time upper) : lower_(lower), upper_(upper) {}

  // As those of the stream.
  Between lowerBoundExclusive() const {
    Between bounds = *this;
    bounds.lower_excluded_ = true;
    return bounds;
  }
  Between upperBoundExclusive() const {
    Between bounds = *this;
    bounds.upper_excluded_ = true;
    return bounds;
  }

  template <typename Stream1, typename Stream2>
  auto of(const IntervalJoined<Stream1, Stream2>& joined) const {
    auto bounded = joined.between(lower_, upper_);
    bounded = lower_excluded_ ? bounded.lowerBoundExclusive() : bounded;
    return upper_excluded_ ? bounded.upperBoundExclusive() : bounded;
  }
  api::Refused of(const api::Refused& refused) const { return refused; }

 private:
  Time lower_;
  Time upper_;
  bool lower_excluded_ = false;
  bool upper_excluded_ = false;
};

/// The bounds of an interval join: those of its between().
inline Between between(Time lower, Time upper) { return {lower, upper}; }

namespace pair_setup {

/// What joins two streams.
enum class Joining : std::uint8_t { kNone, kJoin, kCoGroup, kInterval };

/// The records that a function of a join takes.
template <Joining kHow, typename L, typename R>
struct Sides {
  static constexpr Joining kJoining = kHow;
  using Left = L;
  using Right = R;
};

template <typename Arguments>
struct SidesOfCallable {
  using Type = Sides<Joining::kNone, int, int>;
};
template <typename L, typename R>
struct SidesOfCallable<functions::Parameters<L, R>> {
  using Type = Sides<Joining::kJoin, std::decay_t<L>, std::decay_t<R>>;
};
template <typename L, typename R, typename Out>
struct SidesOfCallable<functions::Parameters<Iterable<L>&, Iterable<R>&, Collector<Out>&>> {
  using Type = Sides<Joining::kCoGroup, L, R>;
};
template <typename L, typename R, typename Out>
struct SidesOfCallable<functions::Parameters<L, R, ProcessJoinContext&, Collector<Out>&>> {
  using Type = Sides<Joining::kInterval, std::decay_t<L>, std::decay_t<R>>;
};

template <typename F>
auto sidesOf() {
  using namespace functions;
  if constexpr (Implements<F, JoinFunction>) {
    return Sides<Joining::kJoin, ArgumentOf<F, JoinFunction, 0>, ArgumentOf<F, JoinFunction, 1>>{};
  } else if constexpr (Implements<F, CoGroupFunction>) {
    return Sides<Joining::kCoGroup,
                 ArgumentOf<F, CoGroupFunction, 0>,
                 ArgumentOf<F, CoGroupFunction, 1>>{};
  } else if constexpr (Implements<F, ProcessJoinFunction>) {
    return Sides<Joining::kInterval,
                 ArgumentOf<F, ProcessJoinFunction, 0>,
                 ArgumentOf<F, ProcessJoinFunction, 1>>{};
  } else {
    return typename SidesOfCallable<window_setup::Arguments<F>>::Type{};
  }
}
template <typename F>
using SidesOf = decltype(sidesOf<F>());
template <typename F>
inline constexpr bool kJoins = SidesOf<F>::kJoining != Joining::kNone;

/// Whether `How`, which a harness is given behind the key selectors, says how F joins; that it does
/// not is an error of the compiler.
template <typename F, typename How>
consteval bool checkHow() {
  if constexpr (SidesOf<F>::kJoining == Joining::kInterval) {
    static_assert(std::is_same_v<How, Between>,
                  "TwoInputHarness takes with a function of an interval join a key selector for "
                  "each input, and between(lower, upper)");
    return std::is_same_v<How, Between>;
  } else {
    static_assert(in_windows::kGiven<How>,
                  "TwoInputHarness takes with a function of a join or a coGroup a key selector for "
                  "each input, and their windows: a window assigner, or inWindows() of what the "
                  "program does");
    return in_windows::kGiven<How>;
  }
}

template <Joining kHow, typename L, typename R>
auto pairOf(const DataStream<L>& left, const DataStream<R>& right) {
  if constexpr (kHow == Joining::kJoin) {
    return left.join(right);
  } else {
    return left.coGroup(right);
  }
}

/// The stream that comes of a join by F, as a program makes it.
template <typename F, typename Selector1, typename Selector2, typename How>
auto joinedBy(StreamExecutionEnvironment& env,
              const Selector1& first,
              const Selector2& second,
              const How& how,
              F function) {
  using L = typename SidesOf<F>::Left;
  using R = typename SidesOf<F>::Right;
  constexpr Joining kHow = SidesOf<F>::kJoining;
  if constexpr (!checkHow<F, How>()) {
    return api::Refused{};
  } else {
    const DataStream<L> left = env.addSource(source<L>({}));
    const DataStream<R> right = env.addSource(source<R>({}));
    if constexpr (kHow == Joining::kInterval) {
      return how.of(left.keyBy(first).intervalJoin(right.keyBy(second)))
          .process(std::move(function));
    } else {
      const auto windows = inWindows(how);
      env.setStreamTimeCharacteristic(windows.time);
      return in_windows::cutOf<true>(windows.cut,
                                     pairOf<kHow>(left, right).where(first).equalTo(second))
          .apply(std::move(function));
    }
  }
}

/// The key of the first input; any where there is none, as the compiler has said.
template <typename Selector, typename In>
struct KeyIn {
  using Type = int;
};
template <typename Selector, typename In>
  requires functions::SelectsKeys<Selector, In>
struct KeyIn<Selector, In> {
  using Type = functions::KeyOf<Selector, In>;
};

/// A function of a join: its types, and its operator.
template <typename F, typename Selector1, typename Selector2, typename How>
struct Setup {
  using In1 = typename SidesOf<F>::Left;
  using In2 = typename SidesOf<F>::Right;
  using Key = typename KeyIn<Selector1, In1>::Type;
  using Out =
      typename window_setup::Made<decltype(joinedBy(std::declval<StreamExecutionEnvironment&>(),
                                                    std::declval<const Selector1&>(),
                                                    std::declval<const Selector2&>(),
                                                    std::declval<const How&>(),
                                                    std::declval<F>()))>::Out;
  /// Both inputs become one, of records of either.
  static constexpr bool kUnites = SidesOf<F>::kJoining != Joining::kInterval;

  static functions::OperatorFactory make(F function, Selector1 first, Selector2 second, How how) {
    return lastOperatorOf([&](StreamExecutionEnvironment& env) {
      joinedBy(env, first, second, how, std::move(function));
    });
  }
};

}  // namespace pair_setup

}  // namespace weir::testing
