#pragma once

#include <type_traits>
#include <utility>

#include "common/api/data_stream.h"
#include "common/api/joined_streams.h"
#include "common/api/refused.h"
#include "common/api/windowed_stream.h"
#include "common/functions/time.h"
#include "common/windows/triggers.h"

/// What a harness is told of the windows that its function runs in.
namespace weir::testing {

/// What a program does with a stream to cut it into windows. inWindows() makes it.
template <typename Cut>
struct InWindows {
  Cut cut;
  TimeCharacteristic time = TimeCharacteristic::kProcessingTime;
};

/// A function that combines the elements of a window as they come, and one that gets the result.
/// combine() makes it.
template <typename F, typename G>
struct Combined {
  F first;
  G second;
};

namespace in_windows {

template <typename A>
inline constexpr bool kAssigner = requires { typename A::Window; };
template <typename A>
inline constexpr bool kGiven = kAssigner<A>;
template <typename Cut>
inline constexpr bool kGiven<InWindows<Cut>> = true;

/// Cuts by an assigner alone.
template <typename A>
struct ByAssigner {
  A assigner;
  template <typename T>
  auto operator()(const DataStream<T>& stream) const {
    return stream.windowAll(assigner);
  }
  template <typename Keyed>
  auto operator()(const Keyed& stream) const {
    return stream.window(assigner);
  }
};

/// One window of all records, of which each fires it.
struct EachRecord {
  template <typename T>
  auto operator()(const DataStream<T>& stream) const {
    return stream.windowAll(GlobalWindows::create()).trigger(CountTrigger::of(1));
  }
  template <typename Keyed>
  auto operator()(const Keyed& stream) const {
    return stream.window(GlobalWindows::create()).trigger(CountTrigger::of(1));
  }
};

template <typename Windows>
inline constexpr bool kCut = std::is_same_v<Windows, api::Refused>;
template <typename P>
inline constexpr bool kCut<WindowedStream<P>> = true;
template <typename Windows>
inline constexpr bool kCutPair = std::is_same_v<Windows, api::Refused>;
template <typename L, typename R, api::JoinKind kKind, typename P>
inline constexpr bool kCutPair<api::JoinedWindows<L, R, kKind, P>> = true;

/// The windows that `cut` makes of a stream, or of a pair of them; that it makes none is an error
/// of the compiler.
template <bool kOfPair, typename Cut, typename Stream>
auto cutOf(Cut cut, const Stream& stream) {
  using Made = std::decay_t<decltype(cut(stream))>;
  constexpr bool kFits = kOfPair ? kCutPair<Made> : kCut<Made>;
  static_assert(kFits,
                "inWindows() takes a window assigner, or a callable that cuts what it is given "
                "into windows, such as [](auto stream) { return stream.window(assigner); }");
  if constexpr (kFits) {
    return cut(stream);
  } else {
    return api::Refused{};
  }
}

}  // namespace in_windows

/// Windows for a harness: an assigner, or a callable that does what the program does up to its
/// windows.
///
///     inWindows([](auto clicks) {
///       return clicks.window(TumblingEventTimeWindows::of(Time::seconds(1)))
///           .allowedLateness(Time::seconds(5))
///           .sideOutputLateData(kLate);
///     })
///
/// It gets a keyed stream where the harness has a key selector, else a DataStream, and of a join
/// what equalTo() returns. timeWindow() goes by `time`, as the job's characteristic.
template <typename Cut>
auto inWindows(Cut windows, TimeCharacteristic time = TimeCharacteristic::kProcessingTime) {
  if constexpr (in_windows::kAssigner<Cut>) {
    return InWindows<in_windows::ByAssigner<Cut>>{{std::move(windows)}, time};
  } else {
    return InWindows<Cut>{std::move(windows), time};
  }
}
template <typename Cut>
InWindows<Cut> inWindows(InWindows<Cut> windows) {
  return windows;
}

/// What a program gives to reduce(), fold() or aggregate() of windows beside each other: a function
/// that combines elements, and the window function that gets the result.
template <typename F, typename G>
Combined<F, G> combine(F first, G second) {
  return {std::move(first), std::move(second)};
}

}  // namespace weir::testing
