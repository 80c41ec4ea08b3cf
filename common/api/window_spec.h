#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/api/data_stream.h"
#include "common/api/keyed_stream.h"
#include "common/windows/window_operator.h"

/// From the parts of a windowed stream to a node of the graph.
namespace weir {

template <typename P>
class WindowedStream;

namespace api {

/// Until .evictor() is called; of an assigner that has no getDefaultTrigger() until .trigger() is.
struct NoEvictor {};
struct NoTrigger {};

/// The key of a stream that has none: all its records are in one subtask.
template <typename T>
struct OneKey {
  std::uint8_t operator()(const T& /*record*/) const { return 0; }
};

template <typename Stream>
struct WindowKeyOf {  // Of a DataStream.
  using Key = std::uint8_t;
  using Selector = OneKey<typename Stream::Record>;
  static constexpr bool kAll = true;
  static Selector selector(const Stream& /*stream*/) { return {}; }
  static std::vector<StreamInput> inputs(const Stream& stream) { return stream.global().inputs(); }
};
template <typename T, typename K, typename S>
struct WindowKeyOf<KeyedStream<T, K, S>> {
  using Key = K;
  using Selector = S;
  static constexpr bool kAll = false;
  static Selector selector(const KeyedStream<T, K, S>& stream) { return stream.selector(); }
  static std::vector<StreamInput> inputs(const KeyedStream<T, K, S>& stream) {
    return stream.inputs();
  }
};

// Whether a function of apply() or process() fits; P: WindowParts.
template <typename P, typename F, typename In, typename Out>
inline constexpr bool kApplies = [] {
  if constexpr (P::kAll) {
    return windows::AppliesToAll<F, In, Out, typename P::Window>;
  } else {
    return windows::AppliesByKey<F, In, Out, typename P::Key, typename P::Window>;
  }
}();
template <typename P, typename F, typename In, typename Out>
inline constexpr bool kProcesses = [] {
  if constexpr (P::kAll) {
    return windows::ProcessesAll<F, In, Out, typename P::Window>;
  } else {
    return windows::ProcessesByKey<F, In, Out, typename P::Key, typename P::Window>;
  }
}();

template <typename F, typename In>
inline constexpr bool kAggregates = false;
template <typename F, typename In>
  requires functions::Implements<F, AggregateFunction>
inline constexpr bool kAggregates<F, In> =
    std::is_same_v<functions::ArgumentOf<F, AggregateFunction, 0>, In>;

/// Whether a function may combine the elements of windows; that it may not is an error of the
/// compiler.
template <typename F>
consteval bool checkCombining() {
  static_assert(!std::is_base_of_v<StateOwner, F>,
                "what combines the elements of a window has no life and no state of its own: take "
                "a function that is not rich, and give a ProcessWindowFunction beside it");
  return checkFunction<F>() && !std::is_base_of_v<StateOwner, F>;
}

/// Whether state can be kept by the windows of A; that it cannot is an error of the compiler.
template <typename A>
consteval bool checkWindow() {
  using W = typename A::Window;
  constexpr bool kEnds = requires(const W& window) {
    { window.maxTimestamp() } -> std::convertible_to<std::int64_t>;
    { window == window } -> std::convertible_to<bool>;
  };
  static_assert(kEnds,
                "a window has `std::int64_t maxTimestamp() const` and can be compared by ==");
  static_assert(!windows::kMerges<A> || windows::Mergeable<W>,
                "windows that merge have intersects() and cover(), as TimeWindow has");
  if constexpr (std::is_same_v<W, GlobalWindow>) {
    return kEnds;
  } else {
    return kEnds && checkRecord<W>() && (!windows::kMerges<A> || windows::Mergeable<W>);
  }
}

/// What snapshots say of the namespaces of W.
template <typename W>
record::Schema windowSchema() {
  if constexpr (std::is_same_v<W, GlobalWindow>) {
    return state::globalWindow();
  } else {
    return record::schemaOf<W>();
  }
}

/// Whether operators that name no time go by the records' timestamps.
bool goesByEventTime(Program& program);

void noteLateness(graph::StreamNode& node, const std::string& problem);
/// The windows merge, and their trigger cannot.
void noteUnmergeable(graph::StreamNode& node);

/// Says on the node what is wrong with the arguments of its parts.
template <typename Parts>
void checkParts(graph::StreamNode& node, const Parts& parts) {
  noteProblem(node, windows::problemOf(parts.assigner));
  noteProblem(node, windows::problemOf(parts.trigger));
  noteProblem(node, windows::problemOf(parts.evictor));
  noteLateness(node, parts.lateness_problem);
  if (Parts::kMerging && !parts.trigger.canMerge()) {
    noteUnmergeable(node);
  }
}

/// The node of a window operator.
template <typename P, typename Selector>
NodeSpec windowSpec(const std::string& kind,
                    windows::WindowRunner<P>&& runner,
                    Selector selector,
                    const std::vector<StreamInput>& inputs) {
  using Runner = windows::WindowRunner<P>;
  using Function = typename P::Function;
  NodeSpec spec = specAfter(inputs, kind, "Window");
  describeFunction<Runner, typename P::Key>(spec.node, runner);
  spec.node.windows = windowSchema<typename P::Window>();
  if constexpr (P::kMayRestorePanes && !P::kPanes) {
    using Pane = windows::Pane<typename P::Contents::Accumulator>;
    declareKeyedState(spec.node,
                      "window-panes",
                      state::StateKind::kAggregating,
                      record::schemaOf<typename P::Key>(),
                      record::schemaOf<Pane>());
  }
  spec.node.all_states_declared =
      !P::kAsksLate &&
      (declaresAllStates<Function, typename P::Key>() || !functions::programAsksForState());
  spec.makeBy([runner = std::move(runner),
               selector = std::move(selector)](const NodeFacts& /*facts*/) -> functions::Operator* {
    return new windows::WindowOperator<P, Selector>(runner, selector);
  });
  return spec;
}

/// A stream and how it is cut into windows.
template <typename Stream, typename A, typename Tr, typename E>
struct WindowParts {
  using In = typename Stream::Record;
  using KeyOf = WindowKeyOf<Stream>;
  using Key = typename KeyOf::Key;
  using Window = typename A::Window;
  static constexpr bool kAll = KeyOf::kAll;
  static constexpr bool kMerging = windows::kMerges<A>;

  Stream stream;
  A assigner;
  Tr trigger;
  E evictor;
  std::int64_t lateness = 0;
  std::string lateness_problem{};
  std::optional<OutputTag<In>> late{};

  template <typename Other>
  WindowParts<Stream, A, Other, E> withTrigger(Other other) const {
    return {stream, assigner, std::move(other), evictor, lateness, lateness_problem, late};
  }
  template <typename Other>
  WindowParts<Stream, A, Tr, Other> withEvictor(Other other) const {
    return {stream, assigner, trigger, std::move(other), lateness, lateness_problem, late};
  }
  void setLateness(Time time) {
    lateness = time.toMilliseconds();
    lateness_problem = time.boundProblem();
  }

  /// Adds the operator, and returns what it emits.
  template <typename Out, bool kProcess, typename Contents, typename G>
  auto add(const std::string& kind, Contents contents, G function) const {
    constexpr bool kTriggered = !std::is_same_v<Tr, NoTrigger>;
    static_assert(kTriggered,
                  "the assigner of these windows has no getDefaultTrigger(): call trigger() before "
                  "what is done with them");
    if constexpr (!kTriggered || !checkRecord<Out>() || !checkFunction<G>()) {
      return Refused{};
    } else if constexpr (std::is_same_v<E, NoEvictor>) {
      return addWith<Out, kProcess>(kind, std::move(contents), std::move(function));
    } else {
      return addWith<Out, kProcess>(
          kind,
          windows::EvictedContents<In, E, Contents>(evictor, std::move(contents)),
          std::move(function));
    }
  }

 private:
  template <typename Out, bool kProcess, typename Contents, typename G>
  SingleOutputStreamOperator<Out> addWith(const std::string& kind,
                                          Contents contents,
                                          G function) const {
    using P = windows::Parts<In, Out, Key, A, Tr, Contents, G, kProcess>;
    const auto& program = stream.program();
    if (late) {
      program->claimTag(*late);
    }
    NodeSpec spec = windowSpec<P>(
        kind + (kAll ? "All" : ""),
        windows::WindowRunner<P>(
            assigner, trigger, std::move(contents), std::move(function), lateness, late),
        KeyOf::selector(stream),
        KeyOf::inputs(stream));
    spec.node.non_parallel = kAll;
    checkParts(spec.node, *this);
    return SingleOutputStreamOperator<Out>(program, program->add(std::move(spec)));
  }
};

template <typename P>
WindowedStream<P> windowed(P parts) {
  return WindowedStream<P>(std::move(parts));
}

/// The windows of a stream, fired as their assigner says.
template <typename Stream, typename A>
auto windowedBy(const Stream& stream, A assigner) {
  using T = typename Stream::Record;
  constexpr bool kFits = windows::Assigns<A, T>;
  static_assert(kFits,
                "a window assigner for the records of this stream is wanted: one of ours, or a "
                "class derived from WindowAssigner<T, W>");
  if constexpr (!kFits) {
    return Refused{};
  } else if constexpr (checkWindow<A>() && checkFunction<A>()) {
    if constexpr (requires { std::as_const(assigner).getDefaultTrigger(); }) {
      using Tr = decltype(std::as_const(assigner).getDefaultTrigger());
      Tr trigger = std::as_const(assigner).getDefaultTrigger();
      return windowed(WindowParts<Stream, A, Tr, NoEvictor>{
          stream, std::move(assigner), std::move(trigger), {}});
    } else {
      return windowed(
          WindowParts<Stream, A, NoTrigger, NoEvictor>{stream, std::move(assigner), {}, {}});
    }
  } else {
    return Refused{};
  }
}

}  // namespace api

}  // namespace weir
