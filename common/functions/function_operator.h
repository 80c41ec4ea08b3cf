#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/functions/callable.h"
#include "common/functions/checkpointed.h"
#include "common/functions/expiry_alarm.h"
#include "common/functions/operator_base.h"
#include "common/functions/operator_check.h"
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
/// where the stream has none.
template <typename F, typename Key>
class FunctionOperator : public OperatorBase {
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

  FunctionOperator(F function, std::uint32_t ports)
      : OperatorBase(ports), function_(std::move(function)) {}

  void setup(OperatorContext& context) override {
    OperatorBase::setup(context);
    context_ = &context;
    runtime_.emplace(context.task(), context.accumulators());
    if constexpr (kStateful) {
      backend_ = std::make_unique<state::KeyedBackendOf<Key>>(context.task().max_parallelism);
      putTier(*backend_, context.task());
      backend_->setClock([&time = context.time()] { return time.now(); });
      runtime_->setBackend(backend_.get());
    }
  }

  Status restore(const OperatorRestore& restore) override {
    if constexpr (kStateful) {
      unclaimed_ = restore.unclaimed;
      WEIR_RETURN_IF_ERROR(bindOnce());
      for (const RestoredSection& part : restore.sections) {
        WEIR_RETURN_IF_ERROR(backend_->restore(*part.section, restore.key_groups, restore.dropped));
      }
    }
    return restoreOwn(restore);
  }

  void check(const OperatorRestore& restore, state::CheckListener& listener) override {
    using state::CheckPhase;
    if constexpr (kStateful) {
      if (!listener.attempt(CheckPhase::kConstruct, {}, [this] { return bindOnce(); })) {
        return;
      }
    }
    if constexpr (IsCheckpointed<User> || IsListCheckpointed<User>) {
      listener.attempt(
          CheckPhase::kRestoreState, state::kCheckpointedName, [&] { return restoreOwn(restore); });
    }
    if constexpr (kStateful) {
      checkKeyed(*this, *backend_, restore, context_->task(), listener);
    }
  }

  void open() override {
    throwOnError(bindOnce(), context_->task());
    opened_ = true;
    if constexpr (std::is_base_of_v<RichFunction, F>) {
      static_cast<RichFunction&>(function_).open(*runtime_);
    }
    if constexpr (std::is_base_of_v<Transactional, F>) {
      static_cast<Transactional&>(function_).startTransactions(*runtime_);
    }
    if constexpr (kStateful) {
      settleUnclaimed(*backend_, unclaimed_, context_->task());
      expiry_alarm_.open(*backend_, context_->time(), work_);
    }
  }

  void close() override {
    if constexpr (kStateful) {
      expiry_alarm_.close();
    }
    if (std::exchange(opened_, false)) {
      std::exception_ptr failure;
      if constexpr (std::is_base_of_v<Transactional, F>) {
        try {
          static_cast<Transactional&>(function_).endTransactions();
        } catch (...) {
          failure = std::current_exception();  // After close(), which is called in any case.
        }
      }
      if constexpr (std::is_base_of_v<RichFunction, F>) {
        static_cast<RichFunction&>(function_).close();
      }
      if (failure) {
        std::rethrow_exception(failure);
      }
    }
  }

  std::unique_ptr<state::FrozenState> snapshot(CheckpointId checkpoint) override {
    std::unique_ptr<state::FrozenState> keyed;
    std::vector<state::OperatorState> own;
    std::function<void()> on_abandoned;
    if constexpr (kStateful) {
      if (backend_->hasStates() || !backend_->unclaimed().empty()) {
        keyed = backend_->freeze();
      }
    }
    if constexpr (IsCheckpointed<User>) {
      using S = CheckpointedState<User>;
      auto& function = static_cast<Checkpointed<S>&>(user());
      S state = function.snapshotState(checkpoint.value());
      own.push_back({state::operatorInfo<S>(), {state::encodeElement<S>(state)}});
      if constexpr (std::is_base_of_v<StateHandle, S>) {
        on_abandoned = [handle = std::make_shared<S>(std::move(state))] { handle->discardState(); };
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
    addOwnStates(own);
    if (keyed == nullptr && own.empty()) {
      return nullptr;
    }
    return std::make_unique<OperatorFrozenState>(
        std::move(keyed), std::move(own), std::move(on_abandoned));
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

  const state::KeyedBackend* keyedState() const override { return backend_.get(); }

 protected:
  void endInput() override {
    if constexpr (std::is_base_of_v<RichFunction, F>) {
      static_cast<RichFunction&>(function_).endInput();
    }
  }

  /// Appends states of the operator's own to a snapshot.
  virtual void addOwnStates(std::vector<state::OperatorState>& /*own*/) {}

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
  struct NoExpiryAlarm {};

  F function_;
  std::conditional_t<kTimed, OperatorTimers, NoTimers> timers_;
  OperatorContext* context_ = nullptr;  // Of the task; outlives the operator.
  std::unique_ptr<Backend> backend_;    // Where kStateful.

 private:
  User& user() {
    if constexpr (std::is_same_v<User, F>) {
      return function_;
    } else {
      return function_.wrapped();
    }
  }
  /// The state of the function itself.
  Status restoreOwn([[maybe_unused]] const OperatorRestore& restore) {
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
  Status bindOnce() {
    if constexpr (kStateful) {
      if (!std::exchange(bound_, true)) {
        if constexpr (std::is_base_of_v<StateOwner, F>) {
          WEIR_RETURN_IF_ERROR(function_.bindStates(*backend_));
        }
        if constexpr (kTimed) {
          WEIR_RETURN_IF_ERROR(timers_.bind(*backend_));
        }
      }
    }
    return ok();
  }

  std::optional<RuntimeContext> runtime_;
  std::conditional_t<kStateful, ExpiryAlarm, NoExpiryAlarm> expiry_alarm_;
  state::Unclaimed unclaimed_ = state::Unclaimed::kKept;  // Of what was restored.
  bool bound_ = false;
  bool opened_ = false;
};

}  // namespace weir::functions
