#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "common/accumulators/accumulators.h"
#include "common/functions/keyed_functions.h"
#include "common/functions/output_tag.h"
#include "common/windows/assigner.h"
#include "common/windows/contents.h"
#include "common/windows/merging_windows.h"
#include "common/windows/panes.h"
#include "common/windows/problems.h"
#include "common/windows/triggers.h"
#include "common/windows/window_functions.h"

namespace weir::windows {

template <typename Trigger>
struct InnermostTriggerOf {
  using Type = Trigger;
};
template <typename Inner>
struct InnermostTriggerOf<PurgingTriggerOf<Inner>> : InnermostTriggerOf<Inner> {};
/// The one that decides, below those that purge.
template <typename Trigger>
using InnermostTrigger = typename InnermostTriggerOf<Trigger>::Type;

/// What a window operator is made of, as types. kProcess: a callable for a Function gets a context.
template <typename InOf,
          typename OutOf,
          typename KeyOf,
          typename AssignerOf,
          typename TriggerOf,
          typename ContentsOf,
          typename FunctionOf,
          bool kProcessOf>
struct Parts {
  using In = InOf;
  using Out = OutOf;
  using Key = KeyOf;
  using Assigner = AssignerOf;
  using Window = typename Assigner::Window;
  using Trigger = TriggerOf;
  using Contents = ContentsOf;
  using Function = FunctionOf;
  static constexpr bool kProcess = kProcessOf;

  static constexpr bool kMerging = kMerges<Assigner>;
  /// Whether elements are kept by pane, where the windows are such that this pays.
  static constexpr bool kPanes =
      kHasPanes<Assigner> && kNeverPurges<Trigger> && requires { typename Contents::Accumulator; };
  /// Whether those of a snapshot may be, if not here: that of a program with another assigner or
  /// trigger.
  static constexpr bool kMayRestorePanes = !kMerging && std::is_same_v<Window, TimeWindow> &&
                                           requires { typename Contents::Accumulator; };
  /// Whether states may be asked for that nobody knew before a window fires.
  static constexpr bool kAsksLate =
      KnowsClear<Function> || kProcess ||
      std::is_base_of_v<weir::Trigger<In, Window>, InnermostTrigger<Trigger>>;
};

namespace runner_internal {

struct Nothing {
  Nothing(const StateOwner& /*owner*/, const char* /*name*/) {}
};
template <typename P>
struct PaneStateOf {
  using Type = Nothing;
};
template <typename P>
  requires P::kPanes
struct PaneStateOf<P> {
  using Type = CellState<
      CellDescriptor<Pane<typename P::Contents::Accumulator>, state::StateKind::kAggregating>>;
};

/// The state that a trigger of ours has, declared so that the graph knows it.
template <typename Trigger, typename In>
struct TriggerState {
  TriggerState(const StateOwner& /*owner*/, const Trigger& /*trigger*/) {}
};
template <typename Trigger, typename In>
  requires requires(const Trigger& trigger) { trigger.template stateDescriptor<In>(); }
struct TriggerState<Trigger, In> {
  using Descriptor = decltype(std::declval<const Trigger&>().template stateDescriptor<In>());
  TriggerState(const StateOwner& owner, const Trigger& trigger)
      : state(owner, trigger.template stateDescriptor<In>()) {}
  typename StateOf<Descriptor>::Type state;
};

}  // namespace runner_internal

/// The function of a window operator: a program's assigner, trigger, contents and window function,
/// and the states that go with them.
template <typename P>
class WindowRunner final : public functions::WrappingFunction<typename P::Function> {
  using Base = functions::WrappingFunction<typename P::Function>;

 public:
  using W = typename P::Window;
  static constexpr bool kWeirTimers = true;

  WindowRunner(typename P::Assigner assigner_of,
               typename P::Trigger trigger_of,
               typename P::Contents contents_of,
               typename P::Function function,
               std::int64_t lateness_of,
               std::optional<OutputTag<typename P::In>> late_of)
      : Base(std::move(function)),
        assigner(std::move(assigner_of)),
        trigger(std::move(trigger_of)),
        contents(std::move(contents_of)),
        lateness(lateness_of),
        late(std::move(late_of)),
        trigger_state_(*this, trigger) {}

  void open(RuntimeContext& context) override {
    context.addAccumulator("numLateRecordsDropped", dropped);
    Base::open(context);
  }
  /// Of the window at hand, where the trigger is one of ours that has some.
  void clearTriggerState() {
    if constexpr (requires { trigger_state_.state; }) {
      trigger_state_.state.clear();
    }
  }

  typename P::Assigner assigner;
  typename P::Trigger trigger;
  typename P::Contents contents;
  std::int64_t lateness;                          // In milliseconds.
  std::optional<OutputTag<typename P::In>> late;  // Where late records go.
  LongCounter dropped;                            // Late records, where they go nowhere.

  CellState<typename P::Contents::Descriptor> held{*this, "window-contents"};
  typename runner_internal::PaneStateOf<P>::Type panes{*this, "window-panes"};
  /// Of windows that merge.
  std::conditional_t<
      P::kMerging,
      CellState<CellDescriptor<typename MergingWindows<W>::Pairs, state::StateKind::kList>>,
      runner_internal::Nothing>
      sessions{*this, "window-sessions"};

 private:
  runner_internal::TriggerState<typename P::Trigger, typename P::In> trigger_state_;
};

}  // namespace weir::windows
