#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>

#include "common/functions/callable.h"
#include "common/functions/stream_operators.h"
#include "common/state/descriptors.h"
#include "common/testing/in_windows.h"
#include "common/testing/one_input_operator.h"
#include "common/testing/window_setup.h"

/// What a harness of one input makes of what it is given: its types, and its operator.
namespace weir::testing::one_input {

/// Of a harness that is given no windows.
struct NoWindows {};

/// How a function runs.
enum class Form : std::uint8_t {
  kPlain,       ///< On records.
  kWindows,     ///< In windows of a stream with or without keys.
  kAllWindows,  ///< In windows that stand where a key selector would.
  kEachRecord,  ///< An aggregate without windows: gives its result after each record.
  kRefused,     ///< Not at all; the compiler has said why.
};

template <typename F>
consteval bool checkInWindows() {
  constexpr bool kTaken = !std::is_void_v<typename decltype(window_setup::elementOf<F>())::type>;
  static_assert(kTaken,
                "OneInputHarness takes with windows an AggregateFunction, a ReduceFunction, a "
                "FoldFunction, a function of apply() or process(), or combine() of two of them");
  return kTaken;
}

template <typename F, typename Selector, typename Windows>
consteval Form formOf() {
  if constexpr (in_windows::kGiven<Windows>) {
    return checkInWindows<F>() ? Form::kWindows : Form::kRefused;
  } else if constexpr (!std::is_same_v<Windows, NoWindows>) {
    static_assert(in_windows::kGiven<Windows>,
                  "OneInputHarness takes behind a key selector the windows that its function runs "
                  "in: a window assigner, or inWindows() of what the program does");
    return Form::kRefused;
  } else if constexpr (in_windows::kGiven<Selector>) {
    return checkInWindows<F>() ? Form::kAllWindows : Form::kRefused;
  } else if constexpr (window_setup::kNeedsWindows<F>) {
    static_assert(!window_setup::kNeedsWindows<F>,
                  "this function runs in windows: give the harness a window assigner, or "
                  "inWindows() of what the program does, behind the key selector if there is one");
    return Form::kRefused;
  } else {
    return functions::Implements<F, AggregateFunction> ? Form::kEachRecord : Form::kPlain;
  }
}

template <typename F,
          typename Selector,
          typename Windows,
          Form kForm = formOf<F, Selector, Windows>()>
struct Setup {  // Of what is refused.
  using In = int;
  using Out = int;
  using Key = functions::NoKey;
  using Window = void;
  static functions::OperatorFactory make(const F& /*function*/,
                                         const Selector& /*selector*/,
                                         const Windows& /*windows*/) {
    return {};
  }
};

template <typename F, typename Selector, typename Windows>
struct Setup<F, Selector, Windows, Form::kPlain> {
  using Kind = KindOf<F>;
  using In = typename Kind::In;
  using Out = typename Kind::Out;
  using Key = typename KeyOfSelector<Selector, In>::Type;
  using Window = void;
  static functions::OperatorFactory make(F function, Selector selector, Windows /*windows*/) {
    return factoryOf<Kind, Key>(std::move(function), std::move(selector));
  }
};

template <typename Given>
using WindowsOf = decltype(inWindows(std::declval<Given>()));

template <typename F, typename Selector, typename Windows>
struct Setup<F, Selector, Windows, Form::kWindows>
    : window_setup::Setup<F, Selector, WindowsOf<Windows>> {
  using Base = window_setup::Setup<F, Selector, WindowsOf<Windows>>;
  static functions::OperatorFactory make(F function, Selector selector, Windows windows) {
    return Base::make(std::move(function), std::move(selector), inWindows(std::move(windows)));
  }
};

template <typename F, typename Windows, typename None>
struct Setup<F, Windows, None, Form::kAllWindows>
    : window_setup::Setup<F, functions::NoSelector, WindowsOf<Windows>> {
  using Base = window_setup::Setup<F, functions::NoSelector, WindowsOf<Windows>>;
  static functions::OperatorFactory make(F function, Windows windows, None /*none*/) {
    return Base::make(std::move(function), {}, inWindows(std::move(windows)));
  }
};

template <typename F, typename Selector, typename None>
struct Setup<F, Selector, None, Form::kEachRecord>
    : window_setup::Setup<F, Selector, InWindows<in_windows::EachRecord>> {
  using Base = window_setup::Setup<F, Selector, InWindows<in_windows::EachRecord>>;
  static functions::OperatorFactory make(F function, Selector selector, None /*none*/) {
    return Base::make(std::move(function), std::move(selector), {});
  }
};

}  // namespace weir::testing::one_input
