#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/functions/callable.h"
#include "common/functions/checkpointed.h"
#include "common/functions/function_life.h"
#include "common/functions/operator_snapshot.h"
#include "common/functions/operator_timers.h"
#include "common/functions/process_function.h"
#include "common/functions/rich_function.h"
#include "common/functions/two_phase_commit_sink.h"
#include "common/state/keyed_backend_of.h"
#include "common/state/operator_state.h"

namespace weir::functions {

/// Stands for the key type of streams that have none.
struct NoKey {};

namespace function_internal {
template <typename S>
S stateOf(const Checkpointed<S>&);
template <typename S>
S elementOf(const ListCheckpointed<S>&);
}  // namespace function_internal

template <typename F>
concept IsCheckpointed = requires(const F& f) { function_internal::stateOf(f); };
template <typename F>
concept IsListCheckpointed = requires(const F& f) { function_internal::elementOf(f); };
template <IsCheckpointed F>
using CheckpointedState = decltype(function_internal::stateOf(std::declval<const F&>()));
template <IsListCheckpointed F>
using CheckpointedElement = decltype(function_internal::elementOf(std::declval<const F&>()));

namespace function_internal {
template <typename F>
struct UserOf {
  using Type = F;
};
template <typename F>
  requires requires { typename F::WeirWraps; }
struct UserOf<F> {
  using Type = typename F::WeirWraps;
};
}  // namespace function_internal

/// The class that the user wrote: F, or what F wraps (RollingReduce, RollingFold).
template <typename F>
using UserFunction = typename function_internal::UserOf<F>::Type;

/// The life of an operator around one user function: everything but the records. Key is NoKey
/// where the stream has none. What does not depend on types is FunctionLife.
template <typename F, typename Key>
class FunctionOperator : public FunctionLife {
 public:
  static constexpr bool kKeyed = !std::is_same_v<Key, NoKey>;
  /// Whether the function is told of timers.
  static constexpr bool kTimed = kKeyed && kHasTimers<F>;
  /// Whether the function may have keyed state at all, or ask for its key.
  static constexpr bool kStateful =
      kKeyed && (std::is_base_of_v<StateOwner, F> || kTimed || kAsksForKey<F>);
  using User = UserFunction<F>;
  static_assert(!(IsCheckpointed<User> && IsListCheckpointed<User>),
                "a function derives from Checkpointed<S> or from ListCheckpointed<S>, not from "
                "both: put both parts into one S");

  FunctionOperator(F&& function, std::uint32_t ports)
      : FunctionLife(ports, kHasOwn), function_(std::move(function)) {}

  void setup(OperatorContext& context) override {
    FunctionLife::setup(context);
    if constexpr (kStateful) {
      backend_.reset(new state::KeyedBackendOf<Key>(context.task().max_parallelism));
      setBackend(*backend_);
    }
  }

  std::unique_ptr<state::FrozenState> snapshot(CheckpointId checkpoint) override {
    if constexpr (!kHasOwn) {
      return frozen();
    } else {
      std::vector<state::OperatorState> own;
      std::function<void()> on_abandoned;
      std::unique_ptr<state::FrozenState> keyed = frozenKeys();
      if constexpr (IsCheckpointed<User>) {
        using S = CheckpointedState<User>;
        auto& function = static_cast<Checkpointed<S>&>(user());
        S state = function.snapshotState(checkpoint.value());
        own.push_back({state::operatorInfo<S>(), {state::encodeElement<S>(state)}});
        if constexpr (std::is_base_of_v<StateHandle, S>) {
          on_abandoned = [handle = std::make_shared<S>(std::move(state))] {
            handle->discardState();
          };
        }
      }
      if constexpr (IsListCheckpointed<User>) {
        using S = CheckpointedElement<User>;
        auto& function = static_cast<ListCheckpointed<S>&>(user());
        own.push_back(
            {state::operatorListInfo<S>(state::kCheckpointedName, function.listMode()), {}});
        for (const S& element : function.snapshotState(checkpoint.value())) {
          own.back().elements.push_back(state::encodeElement<S>(element));
        }
      }
      return frozen(std::move(keyed), std::move(own), std::move(on_abandoned));
    }
  }

  void notifyCheckpointComplete(CheckpointId checkpoint) override {
    if constexpr (std::is_base_of_v<CheckpointListener, User>) {
      static_cast<CheckpointListener&>(user()).notifyCheckpointComplete(checkpoint.value());
    }
  }
  void notifyCheckpointAborted(CheckpointId checkpoint) override {
    if constexpr (std::is_base_of_v<CheckpointListener, User>) {
      static_cast<CheckpointListener&>(user()).notifyCheckpointAborted(checkpoint.value());
    }
  }

  void notifyFinished() override {
    if constexpr (std::is_base_of_v<FinishListener, User>) {
      static_cast<FinishListener&>(user()).notifyFinished();
    }
  }

 protected:
  void endInput() override {
    if constexpr (std::is_base_of_v<RichFunction, F>) {
      static_cast<RichFunction&>(function_).endInput();
    }
  }

  using Backend = std::conditional_t<kStateful, state::KeyedBackendOf<Key>, state::KeyedBackend>;

  /// Whether records have to be matched with their keys' state.
  bool hasKeyedState() const {
    if constexpr (kStateful) {
      return kAsksForKey<F> || backend_->hasStates();
    } else {
      return false;
    }
  }

  struct NoTimers {};

  F function_;
  std::conditional_t<kTimed, OperatorTimers, NoTimers> timers_;
  std::unique_ptr<Backend> backend_;  // Where kStateful.

 private:
  /// Whether the function has state of its own.
  static constexpr bool kHasOwn = IsCheckpointed<User> || IsListCheckpointed<User>;

  User& user() {
    if constexpr (std::is_same_v<User, F>) {
      return function_;
    } else {
      return function_.wrapped();
    }
  }
  Status restoreOwn([[maybe_unused]] const OperatorRestore& restore) override {
    if constexpr (IsCheckpointed<User>) {
      using S = CheckpointedState<User>;
      WEIR_TRY(const auto elements, checkpointedElements(restore, context_->task()));
      for (const WrittenElement& one : elements) {
        WEIR_TRY(const S state, state::decodeElement<S>(one.bytes, one.schema));
        static_cast<Checkpointed<S>&>(user()).restoreState(state);
      }
    }
    if constexpr (IsListCheckpointed<User>) {
      using S = CheckpointedElement<User>;
      WEIR_TRY(const auto elements, listElements(restore, context_->task()));
      std::vector<S> list;
      for (const WrittenElement& one : elements) {
        WEIR_TRY(S element, state::decodeElement<S>(one.bytes, one.schema));
        list.push_back(std::move(element));
      }
      static_cast<ListCheckpointed<S>&>(user()).restoreState(list);
    }
    return ok();
  }
  Status bindStates() override {
    if constexpr (kStateful) {
      if constexpr (std::is_base_of_v<StateOwner, F>) {
        WEIR_RETURN_IF_ERROR(function_.bindStates(*backend_));
      }
      if constexpr (kTimed) {
        return timers_.bind(*backend_);
      }
    }
    return ok();
  }
  void openFunction(RuntimeContext& runtime) override {
    if constexpr (std::is_base_of_v<RichFunction, F>) {
      static_cast<RichFunction&>(function_).open(runtime);
    }
    if constexpr (std::is_base_of_v<Transactional, F>) {
      static_cast<Transactional&>(function_).startTransactions(runtime);
    }
  }
  void endTransactions() override {
    if constexpr (std::is_base_of_v<Transactional, F>) {
      static_cast<Transactional&>(function_).endTransactions();
    }
  }
  void closeFunction() override {
    if constexpr (std::is_base_of_v<RichFunction, F>) {
      static_cast<RichFunction&>(function_).close();
    }
  }
};

}  // namespace weir::functions
